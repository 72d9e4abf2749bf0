import { isBerthError } from '@berth/errors';
import type { Container } from '@berth/proto/container';
import type { Images } from '../engine/images.ts';

/** How long a list of containers waits for image-service. */
const PATIENCE_MS = 1000;

/**
 * The containers with what their images are called now: one whose name has gone to another image, or away, is called by its id, as in Docker.
 * All keep their names when nobody can tell.
 */
export async function nameImages(
  { client }: Images,
  containers: readonly Container[],
  signal: AbortSignal,
): Promise<Container[]> {
  const soon = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  const names = new Set(containers.map(({ config }) => config?.image ?? ''));
  const ids = new Map<string, string | null>();
  const look = async (name: string): Promise<void> => {
    try {
      ids.set(name, (await client.getImage({ name }, { signal: soon })).image?.id ?? null);
    } catch (error) {
      if (isBerthError(error, 'IMAGE_NOT_FOUND', 'IMAGE_AMBIGUOUS', 'REFERENCE_INVALID')) ids.set(name, null);
    }
  };
  await Promise.all([...names].map(look));
  return containers.map((container) => {
    const { config, imageId } = container;
    const found = ids.get(config?.image ?? '');
    if (config === undefined || found === undefined || found === imageId) return container;
    return { ...container, config: { ...config, image: imageId } };
  });
}

import { BerthError } from '@berth/errors';
import type { Container } from '@berth/proto/container';
import type { Containers } from '../engine/containers.ts';

/** Gets a container by id, name, or unique id prefix; with `size`, its sizes are measured. */
export async function getContainer(
  { client }: Containers,
  name: string,
  { size = false }: { size?: boolean } = {},
): Promise<Container> {
  const { container } = await client.getContainer({ container: name, size });
  if (!container) throw new BerthError('CONTAINER_NOT_FOUND', `No such container: ${name}`);
  return container;
}

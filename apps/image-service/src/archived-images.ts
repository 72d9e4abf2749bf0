import {
  formatReference,
  isIndexMediaType,
  MEDIA_TYPES,
  parseIndex,
  parseManifest,
  parseReference,
  selectManifest,
  withDefaultTag,
  type Descriptor,
  type Platform,
  type Reference,
} from '@berth/oci';
import { isBerthError } from '@berth/errors';
import { z } from 'zod';
import { invalid, type ImageArchive } from './image-archive.ts';
import { LAYERS_MAX } from './image.ts';
import { checkNewName } from './new-image.ts';

/** An image as an archive describes it. */
export interface ArchivedImage {
  readonly references: readonly Reference[];
  /** Paths in the archive. */
  readonly config: string;
  /** Lowest first. */
  readonly layers: readonly string[];
  /** The manifest that its maker wrote; null when the archive has none. */
  readonly manifest: Pick<Descriptor, 'mediaType' | 'digest' | 'size'> | null;
}

const MAX_IMAGES = 1000;
const MAX_INDEX_DEPTH = 3;

const dockerSchema = z
  .array(
    z.object({
      Config: z.string(),
      RepoTags: z.array(z.string()).max(MAX_IMAGES).nullish(),
      Layers: z.array(z.string()).max(LAYERS_MAX).nullish(),
    }),
  )
  .min(1)
  .max(MAX_IMAGES);

/**
 * The images of an archive: by Docker's manifest.json, or by index.json of an OCI image layout; of an index the variant for the platform. Throws ARCHIVE_INVALID,
 * PLATFORM_NOT_FOUND, and as parseIndex and parseManifest.
 */
export async function listArchivedImages(archive: ImageArchive, platform: Platform): Promise<ArchivedImage[]> {
  if (archive.has('manifest.json')) return fromDocker(await archive.document('manifest.json'));
  if (archive.has('index.json')) return fromLayout(archive, platform);
  throw invalid('it has neither manifest.json nor index.json');
}

function fromDocker(bytes: Buffer): ArchivedImage[] {
  return parseDocker(bytes).map(({ Config, RepoTags, Layers }) => ({
    references: (RepoTags ?? []).map(parseName),
    config: Config,
    layers: Layers ?? [],
    manifest: null,
  }));
}

function parseDocker(bytes: Buffer): z.output<typeof dockerSchema> {
  let document: unknown;
  try {
    document = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw invalid('manifest.json is not JSON', error);
  }
  const parsed = dockerSchema.safeParse(document);
  if (!parsed.success) throw invalid(`manifest.json: ${describeIssue(parsed.error)}`, parsed.error);
  return parsed.data;
}

function describeIssue({ issues: [issue] }: z.ZodError): string {
  return issue === undefined ? '' : `${issue.path.join('.')}: ${issue.message}`;
}

/** An image that has several names is in the index several times. */
async function fromLayout(archive: ImageArchive, platform: Platform): Promise<ArchivedImage[]> {
  const { manifests } = parseIndex(await archive.document('index.json'), MEDIA_TYPES.ociIndex);
  if (manifests.length > MAX_IMAGES) throw invalid(`index.json names more than ${MAX_IMAGES} images`);
  const images = new Map<string, ArchivedImage>();
  for (const descriptor of manifests) {
    const image = await fromDescriptor(archive, descriptor, platform);
    const references = [...(images.get(image.config)?.references ?? []), ...nameOf(descriptor)];
    const unique = new Map(references.map((reference) => [formatReference(reference), reference]));
    images.set(image.config, { ...image, references: [...unique.values()] });
  }
  return [...images.values()];
}

async function fromDescriptor(
  archive: ImageArchive,
  descriptor: Descriptor,
  platform: Platform,
): Promise<ArchivedImage> {
  let at = descriptor;
  for (let depth = 0; depth <= MAX_INDEX_DEPTH; depth++) {
    const bytes = await archive.document(blobName(at.digest));
    if (!isIndexMediaType(at.mediaType)) {
      const { config, layers } = parseManifest(bytes, at.mediaType);
      const paths = layers.map(({ digest }) => blobName(digest));
      const { mediaType, digest, size } = at;
      return {
        ...{ references: [], config: blobName(config.digest), layers: paths },
        manifest: { mediaType, digest, size },
      };
    }
    at = selectManifest(parseIndex(bytes, at.mediaType), platform);
  }
  throw invalid('its indexes are nested too deeply');
}

/** containerd and Docker write the whole name; others at most the tag, which names nothing. */
function nameOf({ annotations }: Descriptor): Reference[] {
  const name = annotations['io.containerd.image.name'] ?? '';
  if (name !== '') return [parseName(name)];
  const refName = annotations['org.opencontainers.image.ref.name'] ?? '';
  return /[:/]/.test(refName) ? [parseName(refName)] : [];
}

function parseName(name: string): Reference {
  const reference = readName(name);
  if (reference.digest !== null) throw invalid(`${JSON.stringify(name)} names an image by digest`);
  checkNewName(reference);
  return reference;
}

function readName(name: string): Reference {
  try {
    return withDefaultTag(parseReference(name));
  } catch (error) {
    if (isBerthError(error, 'REFERENCE_INVALID')) throw invalid(`${JSON.stringify(name)} names no image`, error);
    throw error;
  }
}

/** The path of a blob in an archive. */
export function blobName(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`;
}

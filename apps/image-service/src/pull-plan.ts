import { readFile, stat } from 'node:fs/promises';
import { BerthError } from '@berth/errors';
import {
  familiarReference,
  formatPlatform,
  IMAGE_CONFIG_MAX_BYTES,
  isConfigMediaType,
  isIndexMediaType,
  isLayerMediaType,
  matchesPlatform,
  parseImageConfig,
  parseIndex,
  parseManifest,
  repositoryOf,
  selectManifest,
  type Descriptor,
  type ImageConfig,
  type Manifest,
  type Platform,
  type Reference,
} from '@berth/oci';
import type { ContentClient, ContentDescriptor, Credentials } from './ports.ts';

/** What a pull has to bring. */
export interface PullPlan {
  /** The digest of the manifest or index that the reference stands for. */
  readonly digest: string;
  readonly manifest: Manifest;
  /** What names the manifest. */
  readonly descriptor: ContentDescriptor;
}

export interface PullSource {
  readonly reference: Reference;
  readonly credentials: Credentials | null;
  readonly platform: Platform;
  /** True when the user named the platform: an image of another is refused then. */
  readonly isPlatformGiven: boolean;
  readonly signal: AbortSignal;
}

/** An image's config, and the exact bytes that its id is the digest of. */
export interface FetchedConfig {
  readonly bytes: Uint8Array;
  readonly config: ImageConfig;
}

const MAX_INDEX_DEPTH = 3;

/** Asks the registry what a reference stands for on a platform. */
export async function planPull(content: ContentClient, source: PullSource): Promise<PullPlan> {
  const { reference, credentials, platform, signal } = source;
  const repository = repositoryOf(reference);
  const resolved = await content.resolve(reference, credentials, signal);
  let descriptor: ContentDescriptor = resolved;
  for (let depth = 0; depth <= MAX_INDEX_DEPTH; depth++) {
    const { bytes, mediaType } = await content.getManifest({ repository, descriptor, credentials }, signal);
    if (!isIndexMediaType(mediaType)) {
      const manifest = parseManifest(bytes, mediaType);
      checkMediaTypes(manifest);
      return {
        digest: resolved.digest,
        manifest,
        descriptor: { mediaType, digest: descriptor.digest, size: bytes.length },
      };
    }
    descriptor = selectManifest(parseIndex(bytes, mediaType), platform);
  }
  throw new BerthError('MANIFEST_INVALID', `${familiarReference(reference)}: image indexes are nested too deeply`);
}

/** Brings the config of a planned image, and checks that it fits the manifest and the platform. */
export async function fetchConfig(
  content: ContentClient,
  { reference, credentials, signal, ...source }: PullSource,
  { manifest }: PullPlan,
): Promise<FetchedConfig> {
  const descriptor = manifest.config;
  if (descriptor.size > IMAGE_CONFIG_MAX_BYTES) throw tooLarge(descriptor.size);
  const path = await content.fetchBlob({ repository: repositoryOf(reference), descriptor, credentials }, { signal });
  const { size } = await stat(path);
  if (size > IMAGE_CONFIG_MAX_BYTES) throw tooLarge(size);
  const bytes = await readFile(path);
  const config = parseImageConfig(bytes);
  checkConfig(config, manifest);
  checkPlatform(config.platform, { ...source, reference });
  return { bytes, config };
}

function checkMediaTypes({ config, layers }: Manifest): void {
  if (!isConfigMediaType(config.mediaType)) {
    throw new BerthError('MEDIA_TYPE_UNSUPPORTED', `not a container image: its config is of type ${config.mediaType}`);
  }
  const strange = layers.find((layer) => !isLayerMediaType(layer.mediaType));
  if (strange !== undefined) {
    throw new BerthError('MEDIA_TYPE_UNSUPPORTED', `unsupported layer media type ${strange.mediaType}`);
  }
}

function checkConfig(config: ImageConfig, { layers }: Manifest): void {
  if (config.diffIds.length !== layers.length) {
    throw new BerthError(
      'IMAGE_CONFIG_INVALID',
      `image config is invalid: it names ${config.diffIds.length} layers, the manifest ${layers.length}`,
    );
  }
  if (config.platform.os !== 'linux') {
    throw new BerthError(
      'PLATFORM_NOT_FOUND',
      `image operating system "${config.platform.os}" cannot be used on this platform`,
    );
  }
}

/** Throws PLATFORM_NOT_FOUND when the user named a platform and the image is for another. */
export function checkPlatform(
  actual: Platform,
  { reference, platform, isPlatformGiven }: Pick<PullSource, 'reference' | 'platform' | 'isPlatformGiven'>,
): void {
  if (!isPlatformGiven || matchesPlatform(platform, actual)) return;
  throw new BerthError(
    'PLATFORM_NOT_FOUND',
    `image with reference ${familiarReference(reference)} was found but does not match the specified platform: ` +
      `wanted ${formatPlatform(platform)}, actual: ${formatPlatform(actual)}`,
  );
}

function tooLarge(size: number): BerthError {
  return new BerthError('IMAGE_CONFIG_INVALID', `image config is invalid: ${size} bytes are more than 4 MiB`);
}

/** One layer that an image needs: its blob, and what that unpacks to. */
export interface PlannedLayer {
  readonly descriptor: Descriptor;
  readonly diffId: string;
}

/** The layers of an image, lowest first. */
export function plannedLayers({ manifest }: PullPlan, { config }: FetchedConfig): PlannedLayer[] {
  return manifest.layers.map((descriptor, index) => ({ descriptor, diffId: config.diffIds[index] as string }));
}

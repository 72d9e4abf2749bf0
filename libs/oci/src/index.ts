export { type Descriptor } from './descriptor.ts';
export { type Digest, type DigestAlgorithm, digestLike, isDigest, parseDigest, sha256Digest } from './digest.ts';
export {
  type ContainerDefaults,
  type Healthcheck,
  type HistoryEntry,
  IMAGE_CONFIG_MAX_BYTES,
  type ImageConfig,
  parseImageConfig,
} from './image-config.ts';
export {
  detectMediaType,
  type Index,
  type Manifest,
  MANIFEST_MAX_BYTES,
  parseIndex,
  parseManifest,
} from './manifest.ts';
export {
  type Compression,
  isConfigMediaType,
  isForeignLayerMediaType,
  isIndexMediaType,
  isLayerMediaType,
  isManifestMediaType,
  layerCompression,
  MEDIA_TYPES,
  stripMediaTypeParameters,
} from './media-type.ts';
export {
  compatiblePlatforms,
  formatPlatform,
  hostPlatform,
  matchesPlatform,
  normalizePlatform,
  parsePlatform,
  type Platform,
} from './platform.ts';
export {
  familiarReference,
  familiarRepository,
  formatReference,
  parseReference,
  type Reference,
  repositoryOf,
  withDefaultTag,
} from './reference.ts';
export { selectManifest } from './select-manifest.ts';
export { TAR_END, type TarEntry, tarHeader, tarPadding, writeTar } from './tar-writer.ts';

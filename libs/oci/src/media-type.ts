/** The media types of OCI images and of Docker schema 2. */
export const MEDIA_TYPES = {
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  ociEmpty: 'application/vnd.oci.empty.v1+json',
  ociLayer: 'application/vnd.oci.image.layer.v1.tar',
  ociLayerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  ociLayerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  ociForeignLayer: 'application/vnd.oci.image.layer.nondistributable.v1.tar',
  ociForeignLayerGzip: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  ociForeignLayerZstd: 'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar',
  dockerLayerGzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  dockerLayerZstd: 'application/vnd.docker.image.rootfs.diff.tar.zstd',
  dockerForeignLayer: 'application/vnd.docker.image.rootfs.foreign.diff.tar',
  dockerForeignLayerGzip: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  dockerSchema1: 'application/vnd.docker.distribution.manifest.v1+json',
  dockerSchema1Signed: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
} as const;

/** How a layer's tar is compressed. */
export type Compression = 'none' | 'gzip' | 'zstd';

const LAYERS: ReadonlyMap<string, { compression: Compression; isForeign: boolean }> = new Map([
  [MEDIA_TYPES.ociLayer, { compression: 'none', isForeign: false }],
  [MEDIA_TYPES.ociLayerGzip, { compression: 'gzip', isForeign: false }],
  [MEDIA_TYPES.ociLayerZstd, { compression: 'zstd', isForeign: false }],
  [MEDIA_TYPES.ociForeignLayer, { compression: 'none', isForeign: true }],
  [MEDIA_TYPES.ociForeignLayerGzip, { compression: 'gzip', isForeign: true }],
  [MEDIA_TYPES.ociForeignLayerZstd, { compression: 'zstd', isForeign: true }],
  [MEDIA_TYPES.dockerLayer, { compression: 'none', isForeign: false }],
  [MEDIA_TYPES.dockerLayerGzip, { compression: 'gzip', isForeign: false }],
  [MEDIA_TYPES.dockerLayerZstd, { compression: 'zstd', isForeign: false }],
  [MEDIA_TYPES.dockerForeignLayer, { compression: 'none', isForeign: true }],
  [MEDIA_TYPES.dockerForeignLayerGzip, { compression: 'gzip', isForeign: true }],
]);

/** A Content-Type without its parameters, in lower case. */
export function stripMediaTypeParameters(contentType: string): string {
  const [type = ''] = contentType.split(';', 1);
  return type.trim().toLowerCase();
}

/** Tells whether a media type is an OCI index or a Docker manifest list. */
export function isIndexMediaType(mediaType: string): boolean {
  return mediaType === MEDIA_TYPES.ociIndex || mediaType === MEDIA_TYPES.dockerList;
}

/** Tells whether a media type is the manifest of one image (or artifact), of OCI or of Docker schema 2. */
export function isManifestMediaType(mediaType: string): boolean {
  return mediaType === MEDIA_TYPES.ociManifest || mediaType === MEDIA_TYPES.dockerManifest;
}

/** Tells whether a media type is Docker's schema 1, which nobody should serve any more. */
export function isSchema1MediaType(mediaType: string): boolean {
  return mediaType === MEDIA_TYPES.dockerSchema1 || mediaType === MEDIA_TYPES.dockerSchema1Signed;
}

/** Tells whether a media type is the config of a container image. */
export function isConfigMediaType(mediaType: string): boolean {
  return mediaType === MEDIA_TYPES.ociConfig || mediaType === MEDIA_TYPES.dockerConfig;
}

/** Tells whether a media type is a layer, foreign ones included. */
export function isLayerMediaType(mediaType: string): boolean {
  return LAYERS.has(mediaType);
}

/** Tells whether a layer is of a kind that registries do not have to hold (its descriptor names `urls`). */
export function isForeignLayerMediaType(mediaType: string): boolean {
  return LAYERS.get(mediaType)?.isForeign === true;
}

/** How a layer of this media type is compressed; null when it is not a layer. */
export function layerCompression(mediaType: string): Compression | null {
  return LAYERS.get(mediaType)?.compression ?? null;
}

import { gzipSync, zstdCompressSync } from 'node:zlib';
import { MEDIA_TYPES, sha256Digest, writeTar, type TarEntry } from '@berth/oci';

/** Bytes with their descriptor. */
export interface TestBlob {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly bytes: Buffer;
}

/** An image in memory, ready to be pushed, or to be served by a test's own registry. */
export interface TestImage {
  readonly manifest: TestBlob;
  readonly config: TestBlob;
  /** Lowest first. */
  readonly layers: readonly TestBlob[];
  readonly diffIds: readonly string[];
}

export interface TestImageOptions {
  /** The entries of each layer, lowest first; a Buffer is a tar that is ready. */
  readonly layers: readonly (readonly TarEntry[] | Buffer)[];
  /** The `config` object of the image config: `{ Cmd: ['sh'], Env: [...] }`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Default: that of Debian on this machine. */
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant?: string };
  /** Default: oci. */
  readonly format?: 'oci' | 'docker';
  /** Default: gzip. Docker's format has no zstd in use. */
  readonly compression?: 'none' | 'gzip' | 'zstd';
}

const LAYER_TYPES = {
  oci: { none: MEDIA_TYPES.ociLayer, gzip: MEDIA_TYPES.ociLayerGzip, zstd: MEDIA_TYPES.ociLayerZstd },
  docker: { none: MEDIA_TYPES.dockerLayer, gzip: MEDIA_TYPES.dockerLayerGzip, zstd: MEDIA_TYPES.dockerLayerZstd },
} as const;
const TYPES = {
  oci: { manifest: MEDIA_TYPES.ociManifest, config: MEDIA_TYPES.ociConfig },
  docker: { manifest: MEDIA_TYPES.dockerManifest, config: MEDIA_TYPES.dockerConfig },
} as const;

/** Builds an image of several layers. The same options give the same digests. */
export function buildTestImage(options: TestImageOptions): TestImage {
  const { format = 'oci', compression = 'gzip', platform = hostPlatform() } = options;
  const tars = options.layers.map((layer) => (Buffer.isBuffer(layer) ? layer : writeTar(layer)));
  const diffIds = tars.map((tar) => sha256Digest(tar));
  const layers = tars.map((tar) => toBlob(LAYER_TYPES[format][compression], compress(tar, compression)));
  const config = toJsonBlob(TYPES[format].config, {
    created: '2024-01-01T00:00:00Z',
    ...platform,
    config: options.config ?? {},
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: layers.map((_, index) => ({ created: '2024-01-01T00:00:00Z', created_by: `layer ${index}` })),
  });
  const manifest = toJsonBlob(TYPES[format].manifest, {
    schemaVersion: 2,
    mediaType: TYPES[format].manifest,
    config: descriptorOf(config),
    layers: layers.map(descriptorOf),
  });
  return { manifest, config, layers, diffIds };
}

/** Builds an index of images for several platforms. */
export function buildTestIndex(
  images: readonly { image: TestImage; platform: { os: string; architecture: string; variant?: string } }[],
  format: 'oci' | 'docker' = 'oci',
): TestBlob {
  const mediaType = format === 'oci' ? MEDIA_TYPES.ociIndex : MEDIA_TYPES.dockerList;
  const manifests = images.map(({ image, platform }) => ({ ...descriptorOf(image.manifest), platform }));
  return toJsonBlob(mediaType, { schemaVersion: 2, mediaType, manifests });
}

/** Where to push. */
export interface PushTarget {
  /** `127.0.0.1:5000`, spoken to over plain HTTP. */
  readonly host: string;
  readonly repository: string;
  /** Null: by digest only. */
  readonly tag: string | null;
  /** Value of the Authorization header. */
  readonly authorization?: string;
}

const PUSHES_AT_ONCE = 8;

/** Pushes an image's blobs and manifest. */
export async function pushImage(target: PushTarget, image: TestImage): Promise<void> {
  const blobs = [image.config, ...image.layers].values();
  const pushRest = async () => {
    for (const blob of blobs) await pushBlob(target, blob);
  };
  await Promise.all(Array.from({ length: PUSHES_AT_ONCE }, pushRest));
  await pushManifest(target, image.manifest);
}

/** Pushes a manifest or index; what it names must be there. */
export async function pushManifest(target: PushTarget, { mediaType, digest, bytes }: TestBlob): Promise<void> {
  const url = `http://${target.host}/v2/${target.repository}/manifests/${target.tag ?? digest}`;
  await send(target, url, { method: 'PUT', body: bytes, headers: { 'content-type': mediaType } });
}

/** Pushes one blob. */
export async function pushBlob(target: PushTarget, { digest, bytes }: TestBlob): Promise<void> {
  const started = await send(target, `http://${target.host}/v2/${target.repository}/blobs/uploads/`, {
    method: 'POST',
  });
  const url = new URL(started.headers.get('location') ?? '', started.url);
  url.searchParams.set('digest', digest);
  const headers = { 'content-type': 'application/octet-stream' };
  await send(target, url.href, { method: 'PUT', body: bytes, headers });
}

async function send(
  { authorization }: PushTarget,
  url: string,
  init: { method: string; body?: Buffer; headers?: Record<string, string> },
): Promise<Response> {
  const headers = { ...init.headers, ...(authorization === undefined ? {} : { authorization }) };
  const body = init.body === undefined ? {} : { body: new Uint8Array(init.body) };
  const response = await fetch(url, { method: init.method, headers, ...body });
  const text = await response.text();
  if (!response.ok) throw new Error(`${init.method} ${url} gave ${response.status}: ${text}`);
  return response;
}

/** A blob of these bytes. */
export function toBlob(mediaType: string, bytes: Buffer): TestBlob {
  return { mediaType, digest: sha256Digest(bytes), size: bytes.byteLength, bytes };
}

function toJsonBlob(mediaType: string, value: unknown): TestBlob {
  return toBlob(mediaType, Buffer.from(JSON.stringify(value)));
}

/** The descriptor alone, as a manifest holds it. */
export function descriptorOf({ mediaType, digest, size }: TestBlob): Omit<TestBlob, 'bytes'> {
  return { mediaType, digest, size };
}

function compress(tar: Buffer, compression: 'none' | 'gzip' | 'zstd'): Buffer {
  if (compression === 'none') return tar;
  return compression === 'gzip' ? gzipSync(tar) : zstdCompressSync(tar);
}

function hostPlatform(): { os: string; architecture: string } {
  return { os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch };
}

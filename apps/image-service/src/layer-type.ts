import { BerthError } from '@berth/errors';
import { MEDIA_TYPES } from '@berth/oci';

const MAGIC_LENGTH = 4;
const GZIP = Buffer.from([0x1f, 0x8b]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
/** What Docker takes too, and nothing here can read. */
const UNSUPPORTED = [
  ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58])],
  ['bzip2', Buffer.from('BZh')],
] as const;

/** Finds out by its first bytes how a layer is compressed, and gives back all its bytes. Throws ARCHIVE_INVALID for xz and bzip2. */
export async function detectLayerType(
  data: AsyncIterable<Uint8Array>,
): Promise<{ mediaType: string; all: AsyncIterable<Uint8Array> }> {
  const iterator = data[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < MAGIC_LENGTH) {
    const next = await iterator.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    yield head;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { mediaType: layerTypeOf(head), all: all() };
}

function layerTypeOf(head: Buffer): string {
  if (head.subarray(0, GZIP.length).equals(GZIP)) return MEDIA_TYPES.ociLayerGzip;
  if (head.subarray(0, ZSTD.length).equals(ZSTD)) return MEDIA_TYPES.ociLayerZstd;
  const [name] = UNSUPPORTED.find(([, magic]) => head.subarray(0, magic.length).equals(magic)) ?? [];
  if (name !== undefined) {
    throw new BerthError(
      'ARCHIVE_INVALID',
      `the archive is compressed with ${name}: decompress it first (${name} -dc)`,
    );
  }
  return MEDIA_TYPES.ociLayer;
}

const DOCKER_TO_OCI: ReadonlyMap<string, string> = new Map([
  [MEDIA_TYPES.dockerLayer, MEDIA_TYPES.ociLayer],
  [MEDIA_TYPES.dockerLayerGzip, MEDIA_TYPES.ociLayerGzip],
  [MEDIA_TYPES.dockerLayerZstd, MEDIA_TYPES.ociLayerZstd],
]);
const OCI_TO_DOCKER: ReadonlyMap<string, string> = new Map([...DOCKER_TO_OCI].map(([docker, oci]) => [oci, docker]));

/** The media type by which an OCI manifest names a layer. */
export function toOciLayerType(mediaType: string): string {
  return DOCKER_TO_OCI.get(mediaType) ?? mediaType;
}

/** The media type by which a manifest of Docker's schema 2 names a layer. */
export function toDockerLayerType(mediaType: string): string {
  return OCI_TO_DOCKER.get(mediaType) ?? mediaType;
}

/** True for a layer's media type of Docker's own. */
export function isDockerLayerType(mediaType: string): boolean {
  return DOCKER_TO_OCI.has(mediaType);
}

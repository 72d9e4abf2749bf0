import { MEDIA_TYPES } from '@berth/oci';

const MAGIC_LENGTH = 4;
const GZIP = Buffer.from([0x1f, 0x8b]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** Finds out by its first bytes how a layer is compressed, and gives back all its bytes. */
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
  return MEDIA_TYPES.ociLayer;
}

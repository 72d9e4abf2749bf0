import { createHash } from 'node:crypto';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { connectService, type ServiceConnection } from '@berth/client';
import { MEDIA_TYPES, TAR_END, tarHeader, writeTar } from '@berth/oci';
import { ImageServiceDefinition } from '@berth/proto/image';
import {
  buildTestImage,
  descriptorOf,
  peakPssKib,
  startTestEngine,
  toBlob,
  type TestBlob,
  type TestEngine,
} from '@berth/testkit';
import { startContentServer, type ContentServer, type ServedImage } from './support/content-server.ts';
import { servicePid } from './support/image-store-under-test.ts';

const MIB = 1024 * 1024;
/** What image-service and its tool may have at once, whatever is pulled. */
const MEMORY_MAX_KIB = 150_000_000 / 1024;
const ENTRIES_MAX = 50_000;
const BYTES_MAX = 256 * MIB;

let server: ContentServer;
let engine: TestEngine;
let connection: ServiceConnection<typeof ImageServiceDefinition>;

beforeAll(async () => {
  server = await startContentServer();
  engine = await startTestEngine({
    only: ['registry-gateway', 'image-service'],
    busybox: false,
    env: { BERTH_LAYER_MAX_ENTRIES: String(ENTRIES_MAX), BERTH_LAYER_MAX_BYTES: String(BYTES_MAX) },
  });
  connection = connectService(ImageServiceDefinition, engine.paths.socket('image-service'));
});
afterAll(async () => {
  connection.close();
  await engine.stop();
  await server[Symbol.asyncDispose]();
});
afterEach(async () => {
  for (const { id } of (await connection.client.listImages({})).images) {
    await connection.client.deleteImage({ name: id, force: true });
  }
});

let pulls = 0;

/** Pulls the image, and fails when that takes too much memory. */
async function pull(image: ServedImage): Promise<void> {
  const reference = server.serve(`hostile/n${++pulls}`, image);
  let failure: unknown = null;
  const peakKib = await peakPssKib(servicePid(engine), async () => {
    try {
      for await (const event of connection.client.pullImage({ reference })) void event;
    } catch (error) {
      failure = error;
    }
  });
  expect(peakKib).toBeLessThan(MEMORY_MAX_KIB);
  if (failure !== null) throw failure;
}

async function refuses(image: ServedImage, reason: string, message: RegExp): Promise<void> {
  await expect(pull(image)).rejects.toMatchObject({ reason, message: expect.stringMatching(message) });
}

/** A piece of a layer that comes as often as it is said. */
type Piece = readonly [bytes: Buffer, times: number];

/** A layer of pieces, each of them compressed once; nowhere is all of it in memory. */
function layerOf(pieces: readonly Piece[], compress = gzipSync as (bytes: Buffer) => Buffer) {
  const hash = createHash('sha256');
  const parts = [...pieces, [Buffer.from(TAR_END), 1] as const].flatMap(([bytes, times]) => {
    for (let count = 0; count < times; count++) hash.update(bytes);
    return Array<Buffer>(times).fill(compress(bytes));
  });
  return { bytes: Buffer.concat(parts), diffId: `sha256:${hash.digest('hex')}` };
}

type Layer = ReturnType<typeof layerOf>;

function imageOf(layers: Layer | readonly Layer[], mediaType: string = MEDIA_TYPES.ociLayerGzip) {
  const { config } = buildTestImage({ layers: [] });
  const document = JSON.parse(config.bytes.toString()) as object;
  const all = [layers].flat();
  const rootfs = { type: 'layers', diff_ids: all.map(({ diffId }) => diffId) };
  const blobs = all.map(({ bytes }) => toBlob(mediaType, bytes));
  return describeImage(Buffer.from(JSON.stringify({ ...document, rootfs, history: [] })), blobs);
}

function describeImage(configBytes: Buffer, layers: readonly TestBlob[], listed = layers): ServedImage {
  const config = toBlob(MEDIA_TYPES.ociConfig, configBytes);
  const mediaType = MEDIA_TYPES.ociManifest;
  const document = { schemaVersion: 2, mediaType, config: descriptorOf(config), layers: listed.map(descriptorOf) };
  return { manifest: toBlob(mediaType, Buffer.from(JSON.stringify(document))), blobs: [config, ...layers] };
}

const zeros = Buffer.alloc(MIB);
const pieceOf = (entries: Parameters<typeof writeTar>[0]): Buffer => writeTar(entries).subarray(0, -TAR_END.length);

describe('a layer', () => {
  test('that is a thousandth of its content is pulled', async () => {
    const size = 200 * MIB;
    await pull(
      imageOf(
        layerOf([
          [tarHeader({ path: 'big' }, size), 1],
          [zeros, 200],
        ]),
      ),
    );
  });

  test('whose file is larger than the limit is refused', async () => {
    const layer = layerOf([
      [tarHeader({ path: 'big' }, 300 * MIB), 1],
      [zeros, 300],
    ]);
    await refuses(imageOf(layer), 'LAYER_LIMIT', /^the layer's files are larger than 268435456 bytes$/);
  });

  test('that goes on behind its end beyond the limit is refused', async () => {
    const layer = layerOf([
      [Buffer.from(TAR_END), 1],
      [zeros, 300],
    ]);
    await refuses(imageOf(layer), 'LAYER_LIMIT', /^the layer is larger than 268435456 bytes$/);
  });

  test('of a million empty entries is refused', async () => {
    const thousand = pieceOf(
      Array.from({ length: 1000 }, (_, at) => ({ path: `d${at}/`, type: 'directory' as const })),
    );
    await refuses(imageOf(layerOf([[thousand, 1000]])), 'LAYER_LIMIT', /^the layer has more than 50000 entries$/);
  });

  test('with names of 4,096 bytes is refused', async () => {
    const path = `${'x'.repeat(255)}/`.repeat(16);
    const layer = layerOf([[pieceOf([{ path, type: 'directory' }]), 1000]]);
    await refuses(imageOf(layer), 'LAYER_LIMIT', /has a name that is too long$/);
  });

  test('with pax headers of a megabyte is pulled', async () => {
    const entry = pieceOf([{ path: 'f', pax: { comment: 'c'.repeat(MIB - 100) } }]);
    await pull(imageOf(layerOf([[entry, 100]])));
  });

  test('with attributes that are too large for any file system is refused', async () => {
    const entry = pieceOf([{ path: 'f', pax: { 'SCHILY.xattr.user.a': 'a'.repeat(70_000) } }]);
    await refuses(imageOf(layerOf([[entry, 10]])), 'LAYER_INVALID', /^"f" has a bad extended attribute "user.a"$/);
  });

  test('of a file in millions of pieces is refused', async () => {
    const pax = {
      'GNU.sparse.major': '1',
      'GNU.sparse.minor': '0',
      'GNU.sparse.name': 'f',
      'GNU.sparse.realsize': '1',
    };
    const count = 3_000_000;
    const map = `${count}\n${'0\n0\n'.repeat(count)}`;
    const entry = pieceOf([{ path: 'f', pax, content: map.padEnd(Math.ceil(map.length / 512) * 512, '\0') }]);
    await refuses(imageOf(layerOf([[entry, 1]])), 'LAYER_LIMIT', /^the layer needs too much memory$/);
  });

  const windowOf = (log: number) => (bytes: Buffer) =>
    zstdCompressSync(bytes, {
      params: { [constants.ZSTD_c_windowLog]: log, [constants.ZSTD_c_enableLongDistanceMatching]: 1 },
    });

  test('whose window is large waits for the others that have such a one', async () => {
    const body = Buffer.alloc(128 * MIB);
    const compressed = windowOf(25)(body);
    const layers = [1, 2, 3, 4].map((number) =>
      layerOf(
        [
          [tarHeader({ path: `big${number}` }, body.length), 1],
          [body, 1],
        ],
        (bytes) => (bytes === body ? compressed : windowOf(25)(bytes)),
      ),
    );
    await pull(imageOf(layers, MEDIA_TYPES.ociLayerZstd));
  });

  test.each([
    [25, null],
    [27, /^the zstd data needs a window of more than 32 MiB$/],
  ])('with a zstd window of 2^%i bytes has its memory, or is refused', async (log, refusal) => {
    const size = 160 * MIB;
    const tar = Buffer.concat([tarHeader({ path: 'big' }, size), Buffer.alloc(size), TAR_END]);
    const layer = layerOf([[tar, 1]], windowOf(log));
    const image = imageOf(layer, MEDIA_TYPES.ociLayerZstd);
    if (refusal === null) await pull(image);
    else await refuses(image, 'LAYER_LIMIT', refusal);
  });
});

describe('a document', () => {
  const list = (item: string): string =>
    Array<string>(Math.floor(4_000_000 / (item.length + 1)))
      .fill(item)
      .join(',');
  const head = '"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}';

  test('with 10,000 layers is refused', async () => {
    const layer = toBlob(MEDIA_TYPES.ociLayerGzip, gzipSync(writeTar([])));
    const image = describeImage(Buffer.from(`{${head}}`), [], Array<TestBlob>(10_000).fill(layer));
    await refuses(image, 'MANIFEST_INVALID', /^manifest is invalid: layers: Too big/);
  });

  test.each([
    ['objects', `{${head},"history":[${list('{}')}]}`],
    ['lists where nobody looks', `{${head},"other":[${list('[]')}]}`],
    ['lists in lists', '['.repeat(4_000_000)],
  ])('of 4 MiB of empty %s is refused', async (_name, text) => {
    const image = describeImage(Buffer.from(text), []);
    await refuses(image, 'IMAGE_CONFIG_INVALID', /^image config is invalid: more than 250000 values$/);
  });

  test('that is a manifest of a million empty layers is refused', async () => {
    const { manifest, blobs } = describeImage(Buffer.from(`{${head}}`), []);
    const text = manifest.bytes.toString().replace('"layers":[]', `"layers":[${list('{}')}]`);
    const image = { manifest: toBlob(manifest.mediaType, Buffer.from(text)), blobs };
    await refuses(image, 'MANIFEST_INVALID', /^manifest is invalid: more than 250000 values$/);
  });

  test('of 4 MiB of text is taken', async () => {
    const labels = Object.fromEntries(['a', 'b', 'c'].map((name) => [name, name.repeat(1_000_000)]));
    const text = `{${head},"config":{"Labels":${JSON.stringify(labels)}}}`;
    await pull(describeImage(Buffer.from(text), []));
  });
});

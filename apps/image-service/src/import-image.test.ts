import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { formatReference, MEDIA_TYPES, sha256Digest } from '@berth/oci';
import { createMemoryContentClient, type MemoryContentClient } from './adapters/memory-content-client.ts';
import { createMemoryLayerStore } from './adapters/memory-directories.ts';
import { createMemoryStores, type MemoryStores } from './adapters/memory-stores.ts';
import { createImportImage, type ImportImage, type ImportRequest } from './import-image.ts';
import { createLayerPool } from './layer-pool.ts';
import { createLeases, type Leases } from './leases.ts';

const never = new AbortController().signal;
const request: ImportRequest = { reference: 'made', config: Buffer.from('{"Cmd":["sh"]}'), message: 'm', platform: '' };

describe('importImage', () => {
  let dir: string;
  let stores: MemoryStores;
  let content: MemoryContentClient;
  let leases: Leases;
  let importImage: ImportImage;
  beforeEach(() => {
    dir = mkdtempSync('/tmp/berth-');
    stores = createMemoryStores();
    content = createMemoryContentClient(dir);
    const layers = createMemoryLayerStore((path) => sha256Digest(readFileSync(path)));
    const onRemovalFailed = () => {};
    const pool = createLayerPool({ store: stores.images, layers, maxDownloads: 1, maxUnpacks: 1, onRemovalFailed });
    leases = createLeases({ list: stores.leases, content, onFailure: () => {} });
    const durability = { begin: () => {} };
    const use = { store: stores.images, pool, layers, content, leases, durability };
    importImage = createImportImage({ ...use, nowMs: () => 1000 });
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  async function* bytesOf(data: Buffer): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < data.length; at += 3) yield await Promise.resolve(data.subarray(at, at + 3));
  }

  test('makes an image with config, manifest and a lease on all its content', async () => {
    const data = Buffer.from('a tar, so to say');
    const image = await importImage(request, bytesOf(data), never);
    expect(image.references.map(formatReference)).toEqual(['docker.io/library/made:latest']);
    const config = JSON.parse(Buffer.from(image.config).toString()) as Record<string, unknown>;
    expect(config).toMatchObject({
      created: '1970-01-01T00:00:01.000Z',
      config: { Cmd: ['sh'] },
      rootfs: { type: 'layers', diff_ids: [sha256Digest(data)] },
      history: [{ created: '1970-01-01T00:00:01.000Z', comment: 'm' }],
    });
    expect(image.id).toBe(sha256Digest(image.config));
    await leases.settle();
    expect([...content.leases.keys()]).toEqual([`image:${image.id}`]);
    const [manifest = '', ...rest] = content.leases.get(`image:${image.id}`) ?? [];
    expect(rest).toEqual([image.id, sha256Digest(data)]);
    expect(JSON.parse(Buffer.from(content.remote.content.get(manifest) ?? '').toString())).toMatchObject({
      mediaType: MEDIA_TYPES.ociManifest,
      config: { digest: image.id },
      layers: [{ mediaType: MEDIA_TYPES.ociLayer, digest: sha256Digest(data), size: data.length }],
    });
    expect(stores.events.map(({ verb, name }) => [verb, name])).toEqual([
      ['import', image.id],
      ['tag', 'made:latest'],
    ]);
  });

  test.each([
    ['gzip', gzipSync('x'), MEDIA_TYPES.ociLayerGzip],
    ['zstd', zstdCompressSync('x'), MEDIA_TYPES.ociLayerZstd],
    ['nothing', Buffer.alloc(0), MEDIA_TYPES.ociLayer],
  ])('finds out that a layer is compressed with %s', async (_kind, data, mediaType) => {
    const image = await importImage({ ...request, reference: '' }, bytesOf(data), never);
    expect(image.references).toEqual([]);
    const [manifest = ''] = content.leases.get(`image:${image.id}`) ?? [];
    const document: unknown = JSON.parse(Buffer.from(content.remote.content.get(manifest) ?? '').toString());
    expect(document).toMatchObject({ layers: [{ mediaType }] });
  });

  test.each<[string, Partial<ImportRequest>, string]>([
    ['a config that is no object', { config: Buffer.from('"x"') }, 'INVALID_ARGUMENT'],
    ['a config that is no JSON', { config: Buffer.from('{') }, 'INVALID_ARGUMENT'],
    ['a config of wrong types', { config: Buffer.from('{"Env":"x"}') }, 'IMAGE_CONFIG_INVALID'],
    ['a name with a digest', { reference: `a@sha256:${'0'.repeat(64)}` }, 'REFERENCE_INVALID'],
    ['a platform that is none', { platform: 'a/b/c/d' }, 'INVALID_ARGUMENT'],
  ])('refuses %s, and keeps neither image nor lease', async (_what, fields, reason) => {
    await expect(importImage({ ...request, ...fields }, bytesOf(Buffer.from('x')), never)).rejects.toMatchObject({
      reason,
    });
    await leases.settle();
    expect(stores.images.list()).toEqual([]);
    expect(content.leases.size).toBe(0);
    expect(stores.leases.list()).toEqual([]);
  });
});

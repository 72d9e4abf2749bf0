import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { formatReference, MEDIA_TYPES, sha256Digest, writeTar, type TarEntry } from '@berth/oci';
import { createMemoryContentClient, type MemoryContentClient } from './adapters/memory-content-client.ts';
import { createMemoryLayerStore, type MemoryLayerStore } from './adapters/memory-directories.ts';
import { createMemoryStores, type MemoryStores } from './adapters/memory-stores.ts';
import { createLayerPool, type LayerPool } from './layer-pool.ts';
import { createLeases, type Leases } from './leases.ts';
import { createLoadImages, type LoadedImage, type LoadImages } from './load-images.ts';

const never = new AbortController().signal;
const LAYER = Buffer.from('a layer, so to say');
const DIFF_ID = sha256Digest(LAYER);
const CONFIG = configOf([DIFF_ID]);
const ID = sha256Digest(CONFIG);

let dir: string;
let stores: MemoryStores;
let content: MemoryContentClient;
let layers: MemoryLayerStore;
let leases: Leases;
let pool: LayerPool;
let loadImages: LoadImages;
beforeEach(() => {
  dir = mkdtempSync('/tmp/berth-');
  stores = createMemoryStores();
  content = createMemoryContentClient(dir);
  layers = createMemoryLayerStore((path, range) => {
    const { offset = 0, length = 0 } = range ?? {};
    return sha256Digest(readFileSync(path).subarray(offset, offset + length));
  });
  const onRemovalFailed = () => {};
  pool = createLayerPool({ store: stores.images, layers, maxDownloads: 1, maxUnpacks: 1, onRemovalFailed });
  leases = createLeases({ list: stores.leases, content, onFailure: () => {} });
  loadImages = createLoadImages({
    store: stores.images,
    layers,
    pool,
    content,
    leases,
    durability: { begin: () => {} },
  });
});
afterEach(() => rmSync(dir, { recursive: true }));

function configOf(diffIds: readonly string[], os = 'linux'): Buffer {
  return Buffer.from(JSON.stringify({ architecture: 'amd64', os, rootfs: { type: 'layers', diff_ids: diffIds } }));
}

function docker(fields: object = {}): TarEntry {
  const image = { Config: 'config.json', RepoTags: ['a:1', 'b:2'], Layers: ['layer.tar'], ...fields };
  return { path: 'manifest.json', content: JSON.stringify([image]) };
}

const config: TarEntry = { path: 'config.json', content: CONFIG };
const layer: TarEntry = { path: 'layer.tar', content: LAYER };

async function load(bytes: Uint8Array, platform = ''): Promise<LoadedImage[]> {
  async function* data(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 1000) yield await Promise.resolve(bytes.subarray(at, at + 1000));
  }
  const loaded: LoadedImage[] = [];
  for await (const image of loadImages(data(), { platform, signal: never })) loaded.push(image);
  return loaded;
}

test('makes an image with its names, a lease on all its content, and the place of its layer', async () => {
  const [loaded, ...others] = await load(writeTar([docker(), config, layer]));
  expect(others).toEqual([]);
  expect(loaded?.image.id).toBe(ID);
  expect(loaded?.references.map(formatReference)).toEqual(['docker.io/library/a:1', 'docker.io/library/b:2']);
  await leases.settle();
  expect([...content.leases.keys()]).toEqual([`image:${ID}`]);
  expect(content.leases.get(`image:${ID}`)?.slice(1)).toEqual([ID, DIFF_ID]);
  const blob = { diffId: DIFF_ID, digest: DIFF_ID, mediaType: MEDIA_TYPES.ociLayer, size: LAYER.length };
  expect(stores.images.findBlob(DIFF_ID)).toEqual({ ...blob, repository: null });
  expect(stores.events.map(({ verb, name }) => [verb, name])).toEqual([
    ['load', 'a:1'],
    ['load', 'b:2'],
  ]);
});

test('an image that is for another platform than the one that is wanted is refused', async () => {
  const archive = writeTar([docker(), config, layer]);
  await expect(load(archive, 'linux/s390x')).rejects.toMatchObject({ reason: 'PLATFORM_NOT_FOUND' });
  expect(await load(archive, 'linux/amd64')).toHaveLength(1);
});

test('an image that is here already gets the names', async () => {
  await load(writeTar([docker({ RepoTags: null }), config, layer]));
  await load(writeTar([docker(), config, layer]));
  expect(stores.images.list()).toHaveLength(1);
  expect(stores.images.get(ID)?.references).toHaveLength(2);
  expect(layers.unpacked).toHaveLength(1);
});

test.each([
  ['kept when its layers are compressed', Buffer.from([0x1f, 0x8b, 8, 0]), true],
  ['made anew when they are not', LAYER, false],
])('the manifest of an OCI image layout is %s', async (_what, content, isKept) => {
  const diffId = sha256Digest(content);
  const bytes = configOf([diffId]);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      config: { mediaType: MEDIA_TYPES.ociConfig, digest: sha256Digest(bytes), size: bytes.length },
      layers: [{ mediaType: MEDIA_TYPES.ociLayerGzip, digest: diffId, size: content.length }],
    }),
  );
  const descriptor = { mediaType: MEDIA_TYPES.ociManifest, digest: sha256Digest(manifest), size: manifest.length };
  const blobs = [content, bytes, manifest].map((blob): TarEntry => {
    return { path: `blobs/${sha256Digest(blob).replace(':', '/')}`, content: blob };
  });
  const index = JSON.stringify({ schemaVersion: 2, manifests: [descriptor] });
  const [loaded] = await load(writeTar([...blobs, { path: 'index.json', content: index }]));
  const id = loaded?.image.id ?? '';
  expect(stores.images.findManifest(id)).toEqual(isKept ? { ...descriptor, repository: null } : null);
  await leases.settle();
  expect(stores.images.get(id)).not.toBeNull();
});

const other = 'f'.repeat(64);
const BLOB = `blobs/sha256/${other}`;

function blob(content: Buffer): TarEntry {
  return { path: BLOB, content };
}

test.each<[string, TarEntry[], string]>([
  ['an archive of nothing', [], 'ARCHIVE_INVALID'],
  ['a manifest that is no JSON', [{ path: 'manifest.json', content: '{' }], 'ARCHIVE_INVALID'],
  ['a manifest of wrong types', [docker({ Layers: 'x' })], 'ARCHIVE_INVALID'],
  ['a manifest of 5 MiB', [{ path: 'manifest.json', content: Buffer.alloc(5 * 2 ** 20) }], 'ARCHIVE_INVALID'],
  ['a config that is not there', [docker(), layer], 'ARCHIVE_INVALID'],
  ['a config outside of the archive', [docker({ Config: '/etc/passwd' }), layer], 'ARCHIVE_INVALID'],
  ['a config that links outside', [docker(), layer, link('config.json', '../../../etc/passwd')], 'ARCHIVE_INVALID'],
  ['links in a circle', [docker(), layer, link('config.json', 'x'), link('x', 'config.json')], 'ARCHIVE_INVALID'],
  ['a config that is none', [docker(), { path: 'config.json', content: '[]' }, layer], 'IMAGE_CONFIG_INVALID'],
  ['a layer that is not there', [docker(), config], 'ARCHIVE_INVALID'],
  [
    'more layers than the config has',
    [docker({ Layers: ['layer.tar', 'layer.tar'] }), config, layer],
    'ARCHIVE_INVALID',
  ],
  ['a layer that is another', [docker(), config, { path: 'layer.tar', content: 'x' }], 'DIGEST_MISMATCH'],
  ['a name that is none', [docker({ RepoTags: ['A B'] }), config, layer], 'ARCHIVE_INVALID'],
  ['a name with a digest', [docker({ RepoTags: [`a@sha256:${other}`] }), config, layer], 'ARCHIVE_INVALID'],
  ['a config that is not what its name says', [docker({ Config: BLOB }), blob(CONFIG), layer], 'DIGEST_MISMATCH'],
  ['a layer that is not what its name says', [docker({ Layers: [BLOB] }), config, blob(LAYER)], 'DIGEST_MISMATCH'],
  ['a blob whose name is no digest', [{ path: 'blobs/sha256/x', content: 'x' }], 'ARCHIVE_INVALID'],
  [
    'an image of another system',
    [docker(), { path: 'config.json', content: configOf([DIFF_ID], 'windows') }, layer],
    'PLATFORM_NOT_FOUND',
  ],
  ['an index that is none', [{ path: 'index.json', content: '{}' }], 'MANIFEST_INVALID'],
])('refuses %s, and keeps neither image nor layer nor lease', async (_what, entries, reason) => {
  await expect(load(writeTar(entries))).rejects.toMatchObject({ reason });
  await leases.settle();
  expect(stores.images.list()).toEqual([]);
  expect(layers.list()).toEqual([]);
  expect(layers.staged.size).toBe(0);
  expect(content.leases.size).toBe(0);
  expect(stores.leases.list()).toEqual([]);
});

test.each([
  ['xz', Buffer.from('fd377a585a00', 'hex')],
  ['bzip2', Buffer.from('BZh91AY')],
])('says that it cannot read %s', async (name, bytes) => {
  const message = `the archive is compressed with ${name}: decompress it first (${name} -dc)`;
  await expect(load(bytes)).rejects.toMatchObject({ reason: 'ARCHIVE_INVALID', message });
});

test.each([
  ['that are whole', LAYER],
  ['that are wrong', Buffer.from('another layer')],
])('of an archive without one of its layers, those %s do not stay', async (_what, content) => {
  const whole = configOf([DIFF_ID, sha256Digest(Buffer.from('missing'))]);
  const archive = writeTar([
    docker({ Layers: ['layer.tar', 'missing.tar'] }),
    { path: 'config.json', content: whole },
    { path: 'layer.tar', content },
  ]);
  await expect(load(archive)).rejects.toMatchObject({ reason: 'ARCHIVE_INVALID' });
  await pool.settle();
  expect([layers.list(), pool.isPinned(DIFF_ID)]).toEqual([[], false]);
});

test('refuses an archive whose compression is broken', async () => {
  const bytes = gzipSync(writeTar([docker(), config, layer]));
  await expect(load(bytes.subarray(0, bytes.length - 20))).rejects.toMatchObject({ reason: 'ARCHIVE_INVALID' });
});

function link(path: string, target: string): TarEntry {
  return { path, type: 'symlink', target };
}

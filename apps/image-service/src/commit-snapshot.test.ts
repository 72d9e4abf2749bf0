import { beforeEach, describe, expect, test } from '@jest/globals';
import { formatReference } from '@berth/oci';
import { createMemoryLayerStore, createMemorySnapshotDirectories } from './adapters/memory-directories.ts';
import { createMemoryStores, type MemoryStores } from './adapters/memory-stores.ts';
import { createCommitSnapshot, type CommitSnapshot, type CommitSnapshotRequest } from './commit-snapshot.ts';
import { createLayerPool, type LayerPool } from './layer-pool.ts';
import type { LayerStore, StagedLayer } from './ports.ts';

const { signal } = new AbortController();
const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const PARENT = {
  architecture: 'amd64',
  os: 'linux',
  author: 'old',
  container: 'c',
  config: { Cmd: ['old'] },
  rootfs: { type: 'layers', diff_ids: [digest('a')] },
  history: [{ created_by: 'ADD file' }],
};
const REQUEST: CommitSnapshotRequest = {
  key: 'k',
  mountPoints: ['proc'],
  reference: 'made',
  config: Buffer.from('{"Cmd":["sh"]}'),
  author: 'me',
  message: 'm',
  createdBy: 'sh -c x',
  squash: false,
};

describe('commitSnapshot', () => {
  let stores: MemoryStores;
  let layers: LayerStore;
  let pool: LayerPool;
  let commitSnapshot: CommitSnapshot;
  let copied: Partial<StagedLayer>;
  beforeEach(() => {
    stores = createMemoryStores();
    const { images, snapshots } = stores;
    layers = createMemoryLayerStore(() => digest('b'));
    copied = {};
    const layer = { name: '1', diffId: digest('a'), sizeBytes: 7, root: null };
    const config = Buffer.from(JSON.stringify(PARENT));
    const image = { id: 'sha256:parent', config, platform: 'linux/amd64', sizeBytes: 7, createTimeMs: 0 };
    images.commit({ image, layers: [layer], references: [], events: [], isLeased: false });
    snapshots.insert({ key: 'k', name: 's', imageId: image.id }, 0);
    const limits = { maxDownloads: 1, maxUnpacks: 1 };
    pool = createLayerPool({ store: images, layers, ...limits, onRemovalFailed: () => {} });
    commitSnapshot = createCommitSnapshot({
      images,
      snapshots,
      directories: createMemorySnapshotDirectories(),
      layers: { copy: async (...args) => ({ ...(await layers.copy(...args)), ...copied }) },
      pool,
      durability: { begin: () => {} },
      nowMs: () => 1000,
    });
  });

  const documentOf = ({ config }: { config: Uint8Array }): unknown => JSON.parse(Buffer.from(config).toString());

  test('adds a layer and a step of history to the image', async () => {
    copied = { entries: 2 };
    const image = await commitSnapshot(REQUEST, signal);
    expect(image).toMatchObject({ sizeBytes: 107, platform: 'linux/amd64', parentId: 'sha256:parent' });
    expect(image.references.map(formatReference)).toEqual(['docker.io/library/made:latest']);
    const created = '1970-01-01T00:00:01.000Z';
    expect(documentOf(image)).toEqual({
      created,
      architecture: 'amd64',
      os: 'linux',
      author: 'me',
      config: { Cmd: ['sh'] },
      rootfs: { type: 'layers', diff_ids: [digest('a'), digest('b')] },
      history: [{ created_by: 'ADD file' }, { created, created_by: 'sh -c x', author: 'me', comment: 'm' }],
    });
    expect(stores.events).toEqual([{ verb: 'tag', objectId: image.id, name: 'made:latest' }]);
    expect(pool.isPinned(digest('b'))).toBe(false);
  });

  test('adds no layer when nothing has changed', async () => {
    copied = { entries: 1, root: { mode: 0o755, uid: 0, gid: 0 } };
    const image = await commitSnapshot({ ...REQUEST, reference: '', author: '', message: '' }, signal);
    expect(documentOf(image)).toMatchObject({
      rootfs: { diff_ids: [digest('a')] },
      history: [{}, { created_by: 'sh -c x', empty_layer: true }],
    });
    await pool.settle();
    expect(layers.list()).toEqual([]);
    expect(stores.events).toEqual([]);
  });

  test('makes one layer of all', async () => {
    const image = await commitSnapshot({ ...REQUEST, squash: true }, signal);
    expect(image).toMatchObject({ sizeBytes: 100, parentId: null });
    expect(documentOf(image)).toMatchObject({
      rootfs: { diff_ids: [digest('b')] },
      history: [{ created_by: 'ADD file', empty_layer: true }, { comment: 'm' }],
    });
  });

  test('keeps the layers of an image that goes meanwhile', async () => {
    const committing = commitSnapshot(REQUEST, signal);
    stores.snapshots.remove('k', 0);
    stores.images.remove('sha256:parent', [], pool.isPinned);
    const image = await committing;
    expect(stores.images.layersOf(image.id).map(({ diffId }) => diffId)).toEqual([digest('a'), digest('b')]);
  });

  test.each([
    [{ key: 'other' }, 'SNAPSHOT_NOT_FOUND'],
    [{ reference: `made@${digest('a')}` }, 'REFERENCE_INVALID'],
    [{ config: Buffer.from('[]') }, 'INVALID_ARGUMENT'],
    [{ config: Buffer.from('{"Env":5}') }, 'IMAGE_CONFIG_INVALID'],
  ])('refuses %j and leaves nothing', async (change, reason) => {
    await expect(commitSnapshot({ ...REQUEST, ...change }, signal)).rejects.toMatchObject({ reason });
    await pool.settle();
    expect(layers.list()).toEqual([]);
    expect(stores.images.list()).toHaveLength(1);
  });
});

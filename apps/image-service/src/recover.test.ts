import { expect, test } from '@jest/globals';
import { createMemoryLayerStore, createMemorySnapshotDirectories } from './adapters/memory-directories.ts';
import { createMemoryStores } from './adapters/memory-stores.ts';
import { recover } from './recover.ts';

test('recover removes directories without a row and rows without a directory, and what nobody uses', async () => {
  const stores = createMemoryStores();
  const layers = createMemoryLayerStore((path) => path);
  const directories = createMemorySnapshotDirectories();
  for (const name of ['1', '2', '3']) {
    const staged = await layers.unpack({ blobPath: name, diffId: null, signal: new AbortController().signal });
    staged.commit(name);
  }
  const image = (id: string, name: string) => ({
    image: { id, config: Buffer.from('{}'), platform: 'linux/amd64', sizeBytes: 0, createTimeMs: 0 },
    layers: [{ name, diffId: name, sizeBytes: 0, root: null }],
    references: [],
    events: [],
    isLeased: false,
  });
  stores.images.commit(image('shown', '1'));
  stores.images.commit(image('hidden', '2'));
  stores.snapshots.insert({ key: 'here', name: '1', imageId: 'shown' }, 1);
  stores.snapshots.insert({ key: 'lost', name: '2', imageId: 'hidden' }, 1);
  stores.images.remove('hidden', [], () => false);
  directories.create('1', { mode: 0o755, uid: 0, gid: 0 });
  directories.create('9', { mode: 0o755, uid: 0, gid: 0 });
  let ended = 0;

  const leases = { endUnused: () => void ended++ };
  const callbacks = { nowMs: () => 0, onImageLost: () => {}, onFailure: () => {} };
  await recover({ ...stores, layers, directories, leases, bootId: 'boot', ...callbacks });

  expect(layers.list()).toEqual(['1']);
  expect(directories.list()).toEqual(['1']);
  expect(stores.snapshots.list().map(({ key }) => key)).toEqual(['here']);
  expect(stores.images.find('hidden')).toBeNull();
  expect(ended).toBe(1);
});

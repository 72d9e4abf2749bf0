import { expect, test } from '@jest/globals';
import { createMemorySnapshotDirectories } from './adapters/memory-directories.ts';
import { createMemoryStores } from './adapters/memory-stores.ts';
import { createDiffSnapshot } from './diff-snapshot.ts';
import type { SnapshotSource } from './ports.ts';

test('compares a snapshot with the layers of its image, uppermost first', async () => {
  const { images, snapshots } = createMemoryStores();
  const layers = ['1', '2'].map((name) => ({ name, diffId: name, sizeBytes: 0, root: null }));
  const image = {
    id: 'sha256:a',
    config: Buffer.from('{}'),
    platform: 'linux/amd64',
    sizeBytes: 0,
    createTimeMs: 0,
  };
  images.commit({ image, layers, references: [], events: [], isLeased: false });
  snapshots.insert({ key: 'k', name: 's', imageId: image.id }, 0);
  const asked: SnapshotSource[] = [];
  const diffSnapshot = createDiffSnapshot({
    images,
    snapshots,
    directories: createMemorySnapshotDirectories(),
    layers: { changes: (source) => Promise.resolve((asked.push(source), [{ path: '/a', kind: 'added' }])) },
  });
  const { signal } = new AbortController();
  expect(await diffSnapshot('k', ['proc'], signal)).toEqual([{ path: '/a', kind: 'added' }]);
  expect(asked).toEqual([{ upperDir: '/snapshots/s/upper', lowerDirs: ['2', '1'], mountPoints: ['proc'] }]);
  await expect(diffSnapshot('other', [], signal)).rejects.toMatchObject({ reason: 'SNAPSHOT_NOT_FOUND' });
});

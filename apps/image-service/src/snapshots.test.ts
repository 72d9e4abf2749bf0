import { beforeEach, describe, expect, test } from '@jest/globals';
import { parseReference } from '@berth/oci';
import { createMemorySnapshotDirectories } from './adapters/memory-directories.ts';
import { createMemoryStores, type MemoryStores } from './adapters/memory-stores.ts';
import type { Layer } from './image.ts';
import type { SnapshotDirectories } from './ports.ts';
import { createSnapshots, type Snapshots } from './snapshots.ts';

describe('snapshots', () => {
  let stores: MemoryStores;
  let directories: SnapshotDirectories;
  let snapshots: Snapshots;
  let reads: string[];
  let discarded: string[];
  beforeEach(() => {
    stores = createMemoryStores();
    directories = createMemorySnapshotDirectories();
    reads = [];
    discarded = [];
    const layers = ['1', '2', '1'].map((name) => ({ name, diffId: name, sizeBytes: 0, root: null }));
    stores.images.commit({
      image: { id: 'sha256:a', config: Buffer.from('{}'), platform: 'linux/amd64', sizeBytes: 0, createTimeMs: 0 },
      layers,
      references: [parseReference('app:latest')],
      events: [],
      isLeased: false,
    });
    snapshots = createSnapshots({
      images: stores.images,
      snapshots: stores.snapshots,
      layers: { dir: '/layers' },
      directories,
      pool: {
        isPinned: () => false,
        discard: (unused: readonly Layer[]) => void discarded.push(...unused.map(({ name }) => name)),
      },
      leases: { endUnused: () => {} },
      readFile({ upperDir, lowerDirs }, path) {
        const dirs = upperDir === null ? lowerDirs : [upperDir, ...lowerDirs];
        reads.push(`${dirs.join(':')} ${path}`);
        return Promise.resolve(path === 'etc/passwd' ? Buffer.from(`passwd of ${dirs.length}`) : null);
      },
      nowMs: () => 42,
      onRemovalFailed: () => {},
    });
  });

  test('keeps the directories of a snapshot whose row cannot be removed, as on a full disk', async () => {
    await snapshots.prepare('k1', 'app');
    stores.snapshots.remove = () => {
      throw new Error('disk I/O error');
    };
    expect(() => snapshots.delete('k1')).toThrow('disk I/O error');
    expect(directories.list()).toEqual(['1']);
  });

  test('makes a snapshot on the layers of an image, uppermost first, each once', async () => {
    const snapshot = await snapshots.prepare('k1', 'app');
    expect(snapshot).toMatchObject({
      key: 'k1',
      layersDir: '/layers',
      lowerDirs: ['1', '2'],
      upperDir: '/snapshots/1/upper',
      workDir: '/snapshots/1/work',
      image: { id: 'sha256:a' },
    });
    expect(Buffer.from(snapshot.passwd).toString()).toBe('passwd of 2');
    expect(snapshot.group).toHaveLength(0);
    expect(stores.images.get('sha256:a')).toMatchObject({ snapshotKeys: ['k1'], lastUsedTimeMs: 42 });
    expect(snapshots.list()).toEqual(['k1']);
  });

  test('looks into an image once', async () => {
    await snapshots.prepare('k1', 'app');
    await snapshots.prepare('k2', 'app');
    expect(reads).toEqual(['/layers/1:/layers/2 etc/passwd', '/layers/1:/layers/2 etc/group']);
  });

  test('returns the snapshot that is there with what the container has written, whatever image is named', async () => {
    await snapshots.prepare('k1', 'app');
    stores.images.remove('sha256:a', [], () => false);
    const again = await snapshots.prepare('k1', 'nonsense:1');
    expect(again.upperDir).toBe('/snapshots/1/upper');
    expect(Buffer.from(again.passwd).toString()).toBe('passwd of 3');
    expect(again.image.id).toBe('sha256:a');
  });

  test('removes a snapshot, and with the last one an image that was removed before', async () => {
    await snapshots.prepare('k1', 'app');
    stores.images.remove('sha256:a', [], () => false);
    snapshots.delete('k1');
    snapshots.delete('k1');
    expect(snapshots.list()).toEqual([]);
    expect(directories.list()).toEqual([]);
    expect(discarded.sort()).toEqual(['1', '2']);
    expect(stores.images.find('sha256:a')).toBeNull();
  });

  test('go with the one that owns them', async () => {
    for (const key of ['k1', 'k1.0', 'k1.10', 'k10', 'k1x.0']) await snapshots.prepare(key, 'app');
    snapshots.delete('k1');
    expect(snapshots.list()).toEqual(['k10', 'k1x.0']);
  });

  test('leaves nothing behind when it fails', async () => {
    const insert = stores.snapshots.insert;
    stores.snapshots.insert = () => {
      throw new Error('disk full');
    };
    await expect(snapshots.prepare('k1', 'app')).rejects.toThrow('disk full');
    expect(directories.list()).toEqual([]);
    stores.snapshots.insert = insert;
    await expect(snapshots.prepare('k1', 'nope')).rejects.toThrow('No such image: nope:latest');
    for (const key of ['', '../x', 'a/b', 'x'.repeat(129)]) {
      await expect(snapshots.prepare(key, 'app')).rejects.toThrow('invalid snapshot key');
    }
    expect(directories.list()).toEqual([]);
  });
});

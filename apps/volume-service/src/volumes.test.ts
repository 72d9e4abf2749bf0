import { describe, expect, test } from '@jest/globals';
import { createMemoryVolumeDirectories } from './adapters/memory-volume-directories.ts';
import { createMemoryVolumeStore } from './adapters/memory-volume-store.ts';
import { localDriver } from './drivers/local-driver.ts';
import { createPruneVolumes } from './prune-volumes.ts';
import { createVolumes } from './volumes.ts';

const UNSAID = { driver: '', labels: {}, options: {} };

function engine() {
  const store = createMemoryVolumeStore();
  const directories = createMemoryVolumeDirectories();
  const orphans: string[] = [];
  const onOrphan = (name: string) => void orphans.push(name);
  const volumes = createVolumes({
    store,
    directories,
    drivers: [localDriver],
    nowMs: () => 1_700_000_000_000,
    onOrphan,
  });
  const create = (name: string) => volumes.create({ ...UNSAID, name });
  const acquire = (name: string, containerId: string) => volumes.acquire({ ...UNSAID, name }, containerId);
  return { store, directories, orphans, volumes, create, acquire };
}

describe('create', () => {
  test('makes a volume with a directory and tells of it', () => {
    const { volumes, store, directories } = engine();
    const volume = volumes.create({ name: 'data', driver: '', labels: { a: '1' }, options: {} });
    expect(volume).toEqual({
      name: 'data',
      driver: 'local',
      labels: { a: '1' },
      options: {},
      anonymous: false,
      snapshotOf: null,
      lastUseTimeMs: null,
      createTimeMs: 1_700_000_000_000,
      containerIds: [],
      mountpoint: '/volumes/data/_data',
      mount: null,
    });
    expect(directories.contents.has('data')).toBe(true);
    expect(store.events).toEqual([{ verb: 'create', volume: 'data', attributes: { driver: 'local' } }]);
  });

  test('returns the volume that is there, as Docker does', () => {
    const { volumes, create, store } = engine();
    create('data');
    expect(volumes.create({ name: 'data', driver: 'local', labels: { b: '2' }, options: {} }).labels).toEqual({});
    expect(store.events).toHaveLength(1);
  });

  test('makes an anonymous volume with a name of its own and the label of Docker', () => {
    const { create } = engine();
    const volume = create('');
    expect(volume.name).toMatch(/^[0-9a-f]{64}$/);
    expect([volume.anonymous, volume.labels]).toEqual([true, { 'com.docker.volume.anonymous': '' }]);
  });

  test('leaves nothing behind for a bad name or driver', () => {
    const { volumes, store, directories } = engine();
    expect(() => volumes.create({ name: '../x', driver: '', labels: {}, options: {} })).toThrow('includes invalid');
    expect(() => volumes.create({ name: 'ok', driver: 'nfs', labels: {}, options: {} })).toThrow('plugin "nfs"');
    expect([store.list(), directories.list()]).toEqual([[], []]);
  });
});

test('measures what is in volumes, and leaves out those that are not there', async () => {
  const { volumes, create, directories } = engine();
  create('data');
  create('empty');
  directories.contents.set('data', ['four', 'five5']);
  expect([...(await volumes.measure(['data', 'gone', 'empty']))]).toEqual([
    ['data', 9],
    ['empty', 0],
  ]);
});

describe('remove', () => {
  test('removes the volume with its data and tells of it', async () => {
    const { volumes, create, store, directories } = engine();
    create('data');
    await volumes.remove('data', { force: false });
    expect(() => volumes.get('data')).toThrow('get data: no such volume');
    expect(directories.list()).toEqual([]);
    expect(store.events.at(-1)).toEqual({ verb: 'destroy', volume: 'data', attributes: { driver: 'local' } });
  });

  test('refuses one in use, even by force, and names its users', async () => {
    const { volumes, directories, acquire } = engine();
    acquire('data', 'c1');
    acquire('data', 'c2');
    await expect(volumes.remove('data', { force: true })).rejects.toThrow('remove data: volume is in use - [c1, c2]');
    expect(directories.list()).toEqual(['data']);
  });

  test('minds a missing one only without force', async () => {
    const { volumes } = engine();
    await expect(volumes.remove('data', { force: false })).rejects.toThrow('get data: no such volume');
    await expect(volumes.remove('data', { force: true })).resolves.toBeUndefined();
  });
});

describe('acquire and release', () => {
  test('acquiring creates what is missing, and twice is once', () => {
    const { acquire } = engine();
    acquire('data', 'c1');
    expect(acquire('data', 'c1').containerIds).toEqual(['c1']);
  });

  test('releasing keeps named volumes and removes anonymous ones that nobody else uses', async () => {
    const { volumes, acquire } = engine();
    acquire('named', 'c1');
    const mine = acquire('', 'c1').name;
    const ours = acquire('', 'c1').name;
    acquire(ours, 'c2');
    await volumes.release('c1', { deleteAnonymous: true });
    const left = volumes.list([]).map((volume) => volume.name);
    expect(left.sort()).toEqual(['named', ours].sort());
    expect(left).not.toContain(mine);
    await volumes.release('c1', { deleteAnonymous: true });
  });

  test('releasing keeps anonymous volumes when it is not asked to remove them', async () => {
    const { volumes, acquire } = engine();
    const { name } = acquire('', 'c1');
    await volumes.release('c1', { deleteAnonymous: false });
    expect(volumes.get(name).containerIds).toEqual([]);
  });
});

describe('recover', () => {
  test('finishes an interrupted removal', async () => {
    const { volumes, create, store, directories } = engine();
    create('data');
    store.markDeleting('data');
    await volumes.recover();
    expect([store.listDeleting(), directories.list()]).toEqual([[], []]);
    expect(store.events.map((event) => event.verb)).toEqual(['create', 'destroy']);
  });

  test('removes the empty directory of a volume that was never recorded, and never one with data', async () => {
    const { volumes, create, directories, orphans } = engine();
    create('known');
    directories.create('half-made');
    directories.contents.set('lost', ['precious']);
    await volumes.recover();
    expect(directories.list()).toEqual(['known', 'lost']);
    expect(orphans).toEqual(['lost']);
  });
});

describe('prune', () => {
  test('removes the anonymous ones that no container has, or all of those, and tells of it', async () => {
    const { volumes, store, create, acquire, directories } = engine();
    const prune = createPruneVolumes({ store, volumes });
    const { name } = create('');
    const used = acquire('', 'c1').name;
    create('named');
    directories.contents.set(name, ['12345']);
    expect(await prune([])).toEqual({ names: [name], reclaimedBytes: 5 });
    expect(store.events.at(-1)).toEqual({ verb: 'prune', volume: '', attributes: { reclaimed: '5' } });
    expect(await prune([{ key: 'all', value: 'true' }])).toEqual({ names: ['named'], reclaimedBytes: 0 });
    expect(volumes.list([]).map((volume) => volume.name)).toEqual([used]);
  });

  test('leaves one alone that came into use since it was looked at', async () => {
    const { volumes, store, create, acquire } = engine();
    const { name } = create('');
    const measure = async (names: readonly string[]) => {
      acquire(name, 'c1');
      return await volumes.measure(names);
    };
    expect(await createPruneVolumes({ store, volumes: { ...volumes, measure } })([])).toMatchObject({ names: [] });
    expect(volumes.get(name).containerIds).toEqual(['c1']);
  });

  test('does not run twice at a time', async () => {
    const { volumes, store } = engine();
    const prune = createPruneVolumes({ store, volumes });
    const first = prune([]);
    await expect(prune([])).rejects.toThrow('a prune operation is already running');
    await first;
  });
});

test('another driver of the same name is refused', () => {
  const { volumes, create } = engine();
  create('data');
  expect(() => volumes.create({ ...UNSAID, name: 'data', driver: 'nfs' })).toThrow(
    "create data: driver 'local' already has volume 'data': volume name must be unique",
  );
});

import { describe, expect, test } from '@jest/globals';
import { createMemoryVolumeDirectories } from './adapters/memory-volume-directories.ts';
import { createMemoryVolumeStore } from './adapters/memory-volume-store.ts';
import { localDriver } from './drivers/local-driver.ts';
import { createPruneVolumes } from './prune-volumes.ts';
import { createVolumes } from './volumes.ts';

const UNSAID = { driver: '', labels: {}, options: {} };

function engine({ limitMax = 0 } = {}) {
  const store = createMemoryVolumeStore();
  const directories = createMemoryVolumeDirectories({ limitMax });
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
  test('makes a volume with a directory and tells of it', async () => {
    const { volumes, store, directories } = engine();
    const volume = await volumes.create({ name: 'data', driver: '', labels: { a: '1' }, options: {} });
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
      limitBytes: 0,
    });
    expect(directories.contents.has('data')).toBe(true);
    expect(store.events).toEqual([{ verb: 'create', volume: 'data', attributes: { driver: 'local' } }]);
  });

  test('returns the volume that is there, as Docker does', async () => {
    const { volumes, create, store } = engine();
    await create('data');
    expect((await volumes.create({ name: 'data', driver: 'local', labels: { b: '2' }, options: {} })).labels).toEqual(
      {},
    );
    expect(store.events).toHaveLength(1);
  });

  test('makes an anonymous volume with a name of its own and the label of Docker', async () => {
    const { create } = engine();
    const volume = await create('');
    expect(volume.name).toMatch(/^[0-9a-f]{64}$/);
    expect([volume.anonymous, volume.labels]).toEqual([true, { 'com.docker.volume.anonymous': '' }]);
  });

  test('leaves nothing behind for a bad name or driver', async () => {
    const { volumes, store, directories } = engine();
    await expect(volumes.create({ name: '../x', driver: '', labels: {}, options: {} })).rejects.toThrow(
      'includes invalid',
    );
    await expect(volumes.create({ name: 'ok', driver: 'nfs', labels: {}, options: {} })).rejects.toThrow(
      'plugin "nfs"',
    );
    expect([store.list(), directories.list()]).toEqual([[], []]);
  });
});

test('measures what is in volumes, and leaves out those that are not there', async () => {
  const { volumes, create, directories } = engine();
  await create('data');
  await create('empty');
  directories.contents.set('data', ['four', 'five5']);
  expect([...(await volumes.measure(['data', 'gone', 'empty']))]).toEqual([
    ['data', 9],
    ['empty', 0],
  ]);
});

test('leaves no directory when there is no room for the row', async () => {
  const { volumes, store, directories } = engine({ limitMax: 1024 });
  store.insert = () => {
    throw new Error('no space left on device');
  };
  await expect(volumes.create({ ...UNSAID, name: 'plain' })).rejects.toThrow('no space');
  await expect(volumes.create({ ...UNSAID, name: 'sized', options: { size: '1k' } })).rejects.toThrow('no space');
  expect([...directories.contents.keys()]).toEqual([]);
});

describe('a size', () => {
  const sized = { ...UNSAID, name: 'small', options: { size: '1.5k' } };

  test('is a limit of the directory, which is there before the volume is', async () => {
    const { volumes, store, directories } = engine({ limitMax: 1536 });
    expect((await volumes.create(sized)).limitBytes).toBe(1536);
    expect((await volumes.acquire(sized, 'c1')).containerIds).toEqual(['c1']);
    expect([[...directories.contents.keys()], store.events.length]).toEqual([['small'], 1]);
  });

  test('is refused in the words of Docker where directories have no limits, and nothing is made', async () => {
    const { volumes, store, directories } = engine();
    const refusal = 'create small: quota size requested but no quota support';
    await expect(volumes.create(sized)).rejects.toThrow(refusal);
    await expect(volumes.acquire(sized, 'c1')).rejects.toThrow(refusal);
    expect([store.list(), [...directories.contents.keys()]]).toEqual([[], []]);
  });

  test('may be asked for twice at once', async () => {
    const { volumes, store, directories } = engine({ limitMax: 1536 });
    await Promise.all([volumes.create(sized), volumes.create(sized)]);
    expect([[...directories.contents.keys()], store.events.length]).toEqual([['small'], 1]);
  });
});

describe('remove', () => {
  test('removes the volume with its data and tells of it', async () => {
    const { volumes, create, store, directories } = engine();
    await create('data');
    await volumes.remove('data', { force: false });
    expect(() => volumes.get('data')).toThrow('get data: no such volume');
    expect(directories.list()).toEqual([]);
    expect(store.events.at(-1)).toEqual({ verb: 'destroy', volume: 'data', attributes: { driver: 'local' } });
  });

  test('refuses one in use, even by force, and names its users', async () => {
    const { volumes, directories, acquire } = engine();
    await acquire('data', 'c1');
    await acquire('data', 'c2');
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
  test('acquiring creates what is missing, and twice is once', async () => {
    const { acquire } = engine();
    await acquire('data', 'c1');
    expect((await acquire('data', 'c1')).containerIds).toEqual(['c1']);
  });

  test('releasing keeps named volumes and removes anonymous ones that nobody else uses', async () => {
    const { volumes, acquire } = engine();
    await acquire('named', 'c1');
    const mine = (await acquire('', 'c1')).name;
    const ours = (await acquire('', 'c1')).name;
    await acquire(ours, 'c2');
    await volumes.release('c1', { deleteAnonymous: true });
    const left = volumes.list([]).map((volume) => volume.name);
    expect(left.sort()).toEqual(['named', ours].sort());
    expect(left).not.toContain(mine);
    await volumes.release('c1', { deleteAnonymous: true });
  });

  test('releasing keeps anonymous volumes when it is not asked to remove them', async () => {
    const { volumes, acquire } = engine();
    const { name } = await acquire('', 'c1');
    await volumes.release('c1', { deleteAnonymous: false });
    expect(volumes.get(name).containerIds).toEqual([]);
  });
});

describe('recover', () => {
  test('finishes an interrupted removal', async () => {
    const { volumes, create, store, directories } = engine();
    await create('data');
    store.markDeleting('data');
    await volumes.recover();
    expect([store.listDeleting(), directories.list()]).toEqual([[], []]);
    expect(store.events.map((event) => event.verb)).toEqual(['create', 'destroy']);
  });

  test('removes the empty directory of a volume that was never recorded, and never one with data', async () => {
    const { volumes, create, directories, orphans } = engine();
    await create('known');
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
    const { name } = await create('');
    const used = (await acquire('', 'c1')).name;
    await create('named');
    directories.contents.set(name, ['12345']);
    expect(await prune([])).toEqual({ names: [name], reclaimedBytes: 5 });
    expect(store.events.at(-1)).toEqual({ verb: 'prune', volume: '', attributes: { reclaimed: '5' } });
    expect(await prune([{ key: 'all', value: 'true' }])).toEqual({ names: ['named'], reclaimedBytes: 0 });
    expect(volumes.list([]).map((volume) => volume.name)).toEqual([used]);
  });

  test('leaves one alone that came into use since it was looked at', async () => {
    const { volumes, store, create, acquire } = engine();
    const { name } = await create('');
    const measure = async (names: readonly string[]) => {
      await acquire(name, 'c1');
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

test('another driver of the same name is refused', async () => {
  const { volumes, create } = engine();
  await create('data');
  await expect(volumes.create({ ...UNSAID, name: 'data', driver: 'nfs' })).rejects.toThrow(
    "create data: driver 'local' already has volume 'data': volume name must be unique",
  );
});

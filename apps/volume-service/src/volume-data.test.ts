import { expect, test } from '@jest/globals';
import { createMemoryVolumeDirectories } from './adapters/memory-volume-directories.ts';
import { createMemoryVolumeFiles } from './adapters/memory-volume-files.ts';
import { createMemoryVolumeStore } from './adapters/memory-volume-store.ts';
import { localDriver } from './drivers/local-driver.ts';
import { createPruneVolumes } from './prune-volumes.ts';
import { createVolumeData } from './volume-data.ts';
import { createVolumes } from './volumes.ts';

const { signal } = new AbortController();
const UNSAID = { driver: '', labels: {}, options: {} };

function engine() {
  const store = createMemoryVolumeStore();
  const directories = createMemoryVolumeDirectories();
  const { contents } = directories;
  const files = createMemoryVolumeFiles(contents);
  const nowMs = (): number => Date.UTC(2026, 0, 2, 3, 4, 5, 6);
  const volumes = createVolumes({ store, directories, drivers: [localDriver], nowMs, onOrphan: () => {} });
  const data = createVolumeData({ volumes, store, directories, files, nowMs });
  void volumes.create({ ...UNSAID, name: 'data', labels: { a: '1' } });
  contents.set('data', ['one', 'two']);
  const verbs = (): string[] => store.events.map(({ verb, volume }) => `${verb} ${volume}`);
  const names = (): string[] => volumes.list([]).map(({ name }) => name);
  return { store, contents, volumes, data, verbs, names, files };
}

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}

test('a copy is a volume of its own', async () => {
  const { data, contents, verbs } = engine();
  const copy = await data.copy({ name: 'data', newName: 'other', snapshot: false }, signal);
  expect(copy).toMatchObject({ name: 'other', labels: { a: '1' }, snapshotOf: null });
  contents.get('other')?.push('three');
  expect([contents.get('data'), contents.get('other')]).toEqual([
    ['one', 'two'],
    ['one', 'two', 'three'],
  ]);
  expect(verbs()).toEqual(['create data', 'create other']);
});

test('a snapshot has a name of its time, and no prune removes it', async () => {
  const { data, store, volumes, names } = engine();
  const { name, snapshotOf } = await data.copy({ name: 'data', newName: '', snapshot: true }, signal);
  expect([name, snapshotOf]).toEqual(['data-20260102T030405-006Z', 'data']);
  await createPruneVolumes({ store, volumes })([{ key: 'all', value: 'true' }]);
  expect(names()).toEqual([name]);
});

test('a copy that fails, or whose name is taken meanwhile, leaves nothing', async () => {
  const { data, contents, files, volumes, names } = engine();
  await expect(data.copy({ name: 'data', newName: 'data', snapshot: false }, signal)).rejects.toThrow('already exists');
  await expect(data.copy({ name: 'no', newName: 'x1', snapshot: false }, signal)).rejects.toThrow('get no: no such');
  await expect(data.copy({ name: 'data', newName: '../x', snapshot: false }, signal)).rejects.toThrow('invalid');
  const { copy } = files;
  files.copy = async (...args) => {
    await copy(...args);
    await volumes.create({ ...UNSAID, name: 'taken' });
  };
  await expect(data.copy({ name: 'data', newName: 'taken', snapshot: false }, signal)).rejects.toThrow(
    'already exists',
  );
  expect(names()).toEqual(['data', 'taken']);
  expect([...contents.keys()].sort()).toEqual(['data', 'taken']);
});

test('a restore takes the place of the data, but not under containers unless it is forced', async () => {
  const { data, contents, volumes, verbs } = engine();
  await data.copy({ name: 'data', newName: 'monday', snapshot: true }, signal);
  contents.set('data', ['spoilt']);
  await volumes.acquire({ ...UNSAID, name: 'data' }, 'c1');
  await expect(data.restore('data', 'monday', { force: false, signal })).rejects.toThrow(
    'restore data: volume is in use - [c1]',
  );
  expect(contents.get('data')).toEqual(['spoilt']);
  await data.restore('data', 'monday', { force: true, signal });
  expect([contents.get('data'), contents.get('monday')]).toEqual([
    ['one', 'two'],
    ['one', 'two'],
  ]);
  expect(verbs().at(-1)).toBe('restore data');
});

test('what is exported can be imported, into a new volume or one that is there', async () => {
  const { data, contents } = engine();
  let text = '';
  for await (const chunk of data.archive('data', signal)) text += Buffer.from(chunk).toString();
  await data.extract('new', bytes(text), signal);
  await data.extract('data', bytes('more\n'), signal);
  expect([contents.get('new'), contents.get('data')]).toEqual([
    ['one', 'two'],
    ['one', 'two', 'more'],
  ]);
});

test('the data of a volume that its containers mount is not here', async () => {
  const { data, volumes } = engine();
  await volumes.create({ ...UNSAID, name: 'disk', options: { type: 'ext4', device: '/dev/sda1' } });
  await expect(data.copy({ name: 'disk', newName: 'x1', snapshot: false }, signal)).rejects.toMatchObject({
    reason: 'VOLUME_MOUNTED',
  });
  await expect(data.restore('disk', 'data', { force: true, signal })).rejects.toThrow('work on it in a container');
});

test('a volume is renamed with its data, unless a container has it or the name is taken', async () => {
  const { volumes, contents, verbs, store } = engine();
  await volumes.create({ ...UNSAID, name: 'taken' });
  expect(() => volumes.rename('data', 'taken')).toThrow('rename data: volume name taken already exists');
  expect(() => volumes.rename('data', 'a/b')).toThrow('includes invalid characters');
  expect(volumes.rename('data', 'new')).toMatchObject({ name: 'new', labels: { a: '1' } });
  expect(contents.get('new')).toEqual(['one', 'two']);
  expect(verbs().at(-1)).toBe('rename new');
  await volumes.acquire({ ...UNSAID, name: 'new' }, 'c1');
  expect(() => volumes.rename('new', 'old')).toThrow('rename new: volume is in use - [c1]');
  expect(store.listRenaming()).toEqual([]);
});

test('a rename that a crash interrupted is finished', async () => {
  const { volumes, contents, store, names } = engine();
  store.markRenaming('data', 'new');
  await volumes.recover();
  expect(names()).toEqual(['new']);
  expect(contents.get('new')).toEqual(['one', 'two']);
});

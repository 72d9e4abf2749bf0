import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectService, type ServiceConnection } from '@berth/client';
import { VolumeServiceDefinition } from '@berth/proto/volume';
import { killComponent, startTestEngine, waitFor, type TestEngine } from '@berth/testkit';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

const DEFAULTS = { driver: '', labels: {}, options: {} };

let engine: TestEngine;
let connection: ServiceConnection<typeof VolumeServiceDefinition>;

beforeEach(async () => {
  engine = await startTestEngine({ only: ['volume-service'] });
  connect();
});
afterEach(async () => {
  connection.close();
  await engine.stop();
});

function connect(): void {
  connection = connectService(VolumeServiceDefinition, engine.paths.socket('volume-service'));
}

async function killAndRestart(): Promise<void> {
  await killComponent(engine, 'volume-service');
  connection.close();
  await engine.start();
  connect();
}

/** What lies in a directory of the service. */
function list(name: string): string[] {
  return readdirSync(join(engine.paths.serviceDir('volume-service'), name)).sort();
}

test('volumes, their uses and their data survive a kill', async () => {
  const { volume } = await connection.client.createVolume({ name: 'data', ...DEFAULTS });
  const mountpoint = volume?.mountpoint ?? '';
  expect(mountpoint).toBe(join(engine.paths.serviceDir('volume-service'), 'volumes/data/_data'));
  expect(statSync(mountpoint).mode & 0o7777).toBe(0o755);
  expect(statSync(join(mountpoint, '..')).mode & 0o7777).toBe(0o701);
  writeFileSync(join(mountpoint, 'file'), 'kept');
  await connection.client.acquireVolume({ name: 'data', containerId: 'c1' });

  await killAndRestart();

  const { volumes } = await connection.client.listVolumes({});
  expect(volumes.map(({ name, containerIds }) => [name, containerIds])).toEqual([['data', ['c1']]]);
  expect(existsSync(join(mountpoint, 'file'))).toBe(true);
  await expect(connection.client.deleteVolume({ name: 'data' })).rejects.toMatchObject({
    reason: 'VOLUME_IN_USE',
    message: 'remove data: volume is in use - [c1]',
  });
  await connection.client.releaseVolumes({ containerId: 'c1' });
  await connection.client.deleteVolume({ name: 'data' });
  expect(existsSync(mountpoint)).toBe(false);
});

test('a kill at any moment leaves each volume whole or gone', async () => {
  const makeAndRemove = async (name: string): Promise<void> => {
    const { volume } = await connection.client.createVolume({ name, ...DEFAULTS });
    mkdirSync(join(volume?.mountpoint ?? '', 'a/b'), { recursive: true });
    await connection.client.deleteVolume({ name });
  };
  for (let round = 0; round < 5; round++) {
    const calls = Array.from({ length: 30 }, (_, index) => makeAndRemove(`v${round}-${index}`).catch(() => {}));
    await sleep(5 + round * 10);
    await killAndRestart();
    await Promise.all(calls);
    const { volumes } = await connection.client.listVolumes({});
    expect(list('volumes')).toEqual(volumes.map(({ name }) => name).sort());
    for (const { name } of volumes) await connection.client.deleteVolume({ name });
  }
  expect(list('trash')).toEqual([]);
});

test('a size is refused where the file system has no quotas, and nothing is left', async () => {
  const sized = { ...DEFAULTS, name: 'sized', options: { size: '1G' } };
  await expect(connection.client.createVolume(sized)).rejects.toMatchObject({
    reason: 'INVALID_ARGUMENT',
    message: 'create sized: quota size requested but no quota support',
  });
  expect([list('volumes').includes('sized'), list('trash')]).toEqual([false, []]);
});

test('a bad name is refused with its reason', async () => {
  await expect(connection.client.createVolume({ name: '../etc', ...DEFAULTS })).rejects.toMatchObject({
    reason: 'VOLUME_NAME_INVALID',
  });
  await expect(connection.client.getVolume({ name: 'nope' })).rejects.toMatchObject({ reason: 'VOLUME_NOT_FOUND' });
});

/** Where a volume's data lies. */
const dataOf = (name: string): string => join(engine.paths.serviceDir('volume-service'), 'volumes', name, '_data');

async function create(name: string, files: Record<string, string>): Promise<void> {
  await connection.client.createVolume({ name, ...DEFAULTS });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(dataOf(name), path), text);
}

function filesOf(name: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(dataOf(name)).map((file) => [file, readFileSync(join(dataOf(name), file), 'utf8')]),
  );
}

test('a kill at any moment of a copy, a restore or a rename leaves each volume whole', async () => {
  const before = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`f${index}`, 'before']));
  const after = Object.fromEntries(Object.keys(before).map((name) => [name, 'after']));
  await create('snapshot', after);
  for (let round = 0; round < 6; round++) {
    const name = `data-${round}`;
    await create(name, before);
    const calls = [
      connection.client.restoreVolume({ name, snapshot: 'snapshot' }),
      connection.client.copyVolume({ name: 'snapshot', newName: `copy-${round}`, snapshot: false }),
      connection.client.renameVolume({ name: `data-${round - 1}`, newName: `renamed-${round}` }),
    ].map((call) => call.catch(() => {}));
    await sleep(round * 12);
    await killAndRestart();
    await Promise.all(calls);
    const { volumes } = await connection.client.listVolumes({});
    expect(list('volumes')).toEqual(volumes.map((volume) => volume.name).sort());
    const states = [before, after].map((files) => JSON.stringify(files));
    for (const volume of volumes) expect(states).toContain(JSON.stringify(sortKeys(filesOf(volume.name), before)));
    expect(
      volumes.filter((volume) => volume.name.startsWith('data-') || volume.name.startsWith('renamed-')),
    ).toHaveLength(round + 1);
  }
  await waitFor(() => list('trash').length === 0, { what: 'the end of the trash' });
});

/** In the order of another's keys. */
function sortKeys(files: Record<string, string>, like: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.keys(like).map((name) => [name, files[name] ?? '']));
}

test('data that was to take the place of another when a crash came does so', async () => {
  await create('data', { old: '1' });
  await killComponent(engine, 'volume-service');
  const restored = join(dataOf('data'), '../_restored');
  mkdirSync(restored);
  writeFileSync(join(restored, 'new'), '2');
  connection.close();
  await engine.start();
  connect();
  await connection.client.listVolumes({});
  expect(filesOf('data')).toEqual({ new: '2' });
});

test.each(['_incoming', '_entering'])('an exchange of contents that a crash has ended at %s goes on', async (step) => {
  await create('data', { old: '1', both: '1' });
  const inode = statSync(dataOf('data')).ino;
  await killComponent(engine, 'volume-service');
  const [incoming, outgoing] = [step, '_outgoing'].map((name) => join(dataOf('data'), '..', name)) as [string, string];
  mkdirSync(incoming);
  mkdirSync(outgoing);
  if (step === '_entering') renameSync(join(dataOf('data'), 'old'), join(outgoing, 'old'));
  for (const name of ['both', 'new']) writeFileSync(join(incoming, name), '2');
  connection.close();
  await engine.start();
  connect();
  await connection.client.listVolumes({});
  expect(filesOf('data')).toEqual({ both: '2', new: '2' });
  expect([statSync(dataOf('data')).ino, readdirSync(join(dataOf('data'), '..'))]).toEqual([inode, ['_data']]);
});

test('an archive reaches nothing outside the volume, whatever is in it or in the volume', async () => {
  const outside = join(engine.root, 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'secret'), 'secret');
  await create('data', {});
  symlinkSync(outside, join(dataOf('data'), 'way'));
  const tar = join(engine.root, 'evil.tar');
  execFileSync(
    'sh',
    [
      '-c',
      `mkdir -p way && echo evil > way/secret && echo up > up && tar -P -cf ${tar} way/secret up --transform 's,^up$,../../up,'`,
    ],
    {
      cwd: engine.paths.runDir,
    },
  );
  async function* requests() {
    yield { part: { $case: 'start' as const, value: { name: 'data' } } };
    yield { part: { $case: 'data' as const, value: readFileSync(tar) } };
  }
  await connection.client.importVolume(requests()).catch(() => {});
  expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('secret');
  expect(existsSync(join(dataOf('data'), '../../up'))).toBe(false);
  // What is read is the link, not where it leads.
  const pieces: Buffer[] = [];
  for await (const { data } of connection.client.exportVolume({ name: 'data' })) pieces.push(data);
  expect(Buffer.concat(pieces).toString('latin1')).not.toContain('secret\n');
  await connection.client.copyVolume({ name: 'data', newName: 'copy', snapshot: false });
  expect(readdirSync(dataOf('copy'))).toContain('way');
  expect(existsSync(join(outside, 'up'))).toBe(false);
});

test('owners, modes, times, holes and hard links survive an export with an import, and a copy', async () => {
  await create('data', { file: 'x' });
  execFileSync(
    'sh',
    [
      '-c',
      'ln file link; truncate -s 8M holes; chown 3:4 file .; chmod 4750 file; chmod 1770 .; mkfifo pipe; ln -s nowhere dangling; touch -d 2001-02-03 file .',
    ],
    {
      cwd: dataOf('data'),
    },
  );
  const pieces: Buffer[] = [];
  for await (const { data } of connection.client.exportVolume({ name: 'data' })) pieces.push(data);
  async function* requests() {
    yield { part: { $case: 'start' as const, value: { name: 'imported' } } };
    for (const value of pieces) yield { part: { $case: 'data' as const, value } };
  }
  await connection.client.importVolume(requests());
  await connection.client.copyVolume({ name: 'data', newName: 'copied', snapshot: false });
  const look = (name: string): string =>
    execFileSync(
      'sh',
      ['-c', "find . -printf '%P %y %m %U:%G %n %l %TY\\n' | sort; find . -type f -printf '%P %s\\n' | sort"],
      {
        cwd: dataOf(name),
        encoding: 'utf8',
      },
    );
  expect(look('copied')).toBe(look('data'));
  expect(look('imported')).toBe(look('data'));
  expect(statSync(join(dataOf('copied'), 'holes')).blocks).toBe(0);
});

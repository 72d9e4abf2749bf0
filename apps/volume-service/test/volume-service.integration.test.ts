import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkHealth, connectService, resolvePaths } from '@berth/client';
import { VolumeServiceDefinition } from '@berth/proto/volume';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

const main = join(import.meta.dirname, '../src/main.ts');
const DEFAULTS = { driver: '', labels: {}, options: {} };

let root: string;
let service: ChildProcess;
let connection: ReturnType<typeof connect>;

beforeEach(async () => {
  root = mkdtempSync('/tmp/berth-');
  await start();
});

afterEach(async () => {
  await stop('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

function connect() {
  return connectService(VolumeServiceDefinition, resolvePaths({ BERTH_ROOT: root }).socket('volume-service'));
}

async function start(): Promise<void> {
  service = spawn(process.execPath, [main], {
    env: { ...process.env, BERTH_ROOT: root, BERTH_LOG_LEVEL: 'fatal' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const socket = resolvePaths({ BERTH_ROOT: root }).socket('volume-service');
  while (!(await checkHealth(socket))) await sleep(20);
  connection = connect();
}

async function stop(signal: NodeJS.Signals): Promise<void> {
  connection.close();
  if (service.exitCode !== null || service.signalCode !== null) return;
  service.kill(signal);
  await once(service, 'exit');
}

test('volumes, their uses and their data survive a kill', async () => {
  const { volume } = await connection.client.createVolume({ name: 'data', ...DEFAULTS });
  expect(volume?.mountpoint).toBe(join(root, 'lib/volume-service/volumes/data/_data'));
  const mountpoint = volume?.mountpoint ?? '';
  expect(statSync(mountpoint).mode & 0o7777).toBe(0o755);
  expect(statSync(join(mountpoint, '..')).mode & 0o7777).toBe(0o701);
  writeFileSync(join(mountpoint, 'file'), 'kept');
  await connection.client.acquireVolume({ name: 'data', containerId: 'c1' });

  await stop('SIGKILL');
  await start();

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
    await stop('SIGKILL');
    await Promise.all(calls);
    await start();
    const { volumes } = await connection.client.listVolumes({});
    expect(readdirSync(join(root, 'lib/volume-service/volumes')).sort()).toEqual(
      volumes.map(({ name }) => name).sort(),
    );
    for (const { name } of volumes) await connection.client.deleteVolume({ name });
  }
  expect(readdirSync(join(root, 'lib/volume-service/trash'))).toEqual([]);
});

test('a bad name is refused with its reason', async () => {
  await expect(connection.client.createVolume({ name: '../etc', ...DEFAULTS })).rejects.toMatchObject({
    reason: 'VOLUME_NAME_INVALID',
  });
  await expect(connection.client.getVolume({ name: 'nope' })).rejects.toMatchObject({ reason: 'VOLUME_NOT_FOUND' });
});

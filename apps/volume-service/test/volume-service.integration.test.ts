import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectService, type ServiceConnection } from '@berth/client';
import { VolumeServiceDefinition } from '@berth/proto/volume';
import { killComponent, startTestEngine, type TestEngine } from '@berth/testkit';
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

test('a bad name is refused with its reason', async () => {
  await expect(connection.client.createVolume({ name: '../etc', ...DEFAULTS })).rejects.toMatchObject({
    reason: 'VOLUME_NAME_INVALID',
  });
  await expect(connection.client.getVolume({ name: 'nope' })).rejects.toMatchObject({ reason: 'VOLUME_NOT_FOUND' });
});

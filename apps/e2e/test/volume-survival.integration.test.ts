import { setTimeout as sleep } from 'node:timers/promises';
import { connectService } from '@berth/client';
import { VolumeServiceDefinition } from '@berth/proto/volume';
import { killComponent } from '@berth/testkit';
import { expect, test } from '@jest/globals';
import { createRandom } from './support/chaos/random.ts';
import { useEngine } from './support/use-engine.ts';

const rounds = Number(process.env.BERTH_KILL_ROUNDS ?? 4);
const seed = Number(process.env.BERTH_KILL_SEED ?? 1);
const ROUND_LIMIT_MS = 60_000;
const VICTIMS = ['volume-service', 'container-service'] as const;

const cli = useEngine();
const NAMES = ['kept-0', 'kept-1', 'kept-2', 'kept-3'];
/** All containers have it. */
const SHARED = 'kept-shared';

/** The containers that there are. */
async function listContainers(): Promise<string[]> {
  return (await cli.ok('ps', '-aq', '--no-trunc')).split('\n').filter((id) => id !== '');
}

/** Who has the volume that all containers have, as volume-service says. */
async function listUsers(): Promise<readonly string[]> {
  using connection = connectService(VolumeServiceDefinition, cli.engine.paths.socket('volume-service'));
  return (await connection.client.getVolume({ name: SHARED })).volume?.containerIds ?? [];
}

/** Containers come and go meanwhile: those that were there before and after the look at the volume have it. */
async function expectAllCounted(): Promise<void> {
  const before = await listContainers();
  const users = await listUsers();
  const after = await listContainers();
  const uncounted = before.filter((id) => after.includes(id) && !users.includes(id));
  expect(uncounted).toEqual([]);
}

/** Makes and removes containers with a named and an anonymous volume, as often as it can; what fails was killed. */
async function churn(volume: string, stop: AbortSignal): Promise<void> {
  const mounts = ['-v', `${volume}:/v`, '-v', `${SHARED}:/shared`, '-v', '/anonymous'];
  while (!stop.aborted) {
    await cli.berth('run', '--rm', ...mounts, 'busybox', 'sh', '-c', 'echo 1 >> /v/log');
    await cli.berth('create', '--name', `c-${volume}`, ...mounts, 'busybox', 'true');
    await cli.berth('rm', '-fv', `c-${volume}`);
  }
}

test(
  'no volume is lost, and none stays in use, when the services are killed while containers come and go',
  async () => {
    await cli.ok('volume', 'create', SHARED);
    for (const name of NAMES) await cli.ok('run', '--rm', '-v', `${name}:/v`, 'busybox', 'sh', '-c', 'echo 0 > /v/log');
    const stopping = new AbortController();
    const churns = NAMES.map((name) => churn(name, stopping.signal));
    const random = createRandom(seed);
    for (let round = 0; round < rounds; round++) {
      await sleep(random.below(500));
      const victims = random.chance(0.2) ? VICTIMS : [random.pick(VICTIMS)];
      await Promise.all(victims.map((victim) => killComponent(cli.engine, victim)));
      await cli.engine.start();
      await expectAllCounted();
    }
    stopping.abort();
    await Promise.all(churns);
    for (const name of NAMES) await cli.berth('rm', '-fv', `c-${name}`);
    await cli.ok('container', 'prune', '-f');
    // What was interrupted is cleaned up in the background.
    for (let patience = 100; (await cli.ok('volume', 'ls', '-q', '-f', 'dangling=false')) !== ''; patience--) {
      if (patience === 0) throw new Error(`still in use: ${await cli.ok('volume', 'ls', '-s')}`);
      await sleep(100);
    }
    expect((await cli.ok('volume', 'ls', '-q', '-f', 'name=kept-')).split('\n')).toEqual([...NAMES, SHARED]);
    for (const name of NAMES) {
      expect(await cli.ok('run', '--rm', '-v', `${name}:/v`, 'busybox', 'head', '-n', '1', '/v/log')).toBe('0');
    }
    await cli.ok('volume', 'rm', ...NAMES, SHARED);
    await cli.ok('volume', 'prune', '-f');
    expect(await cli.ok('volume', 'ls', '-q')).toBe('');
  },
  ROUND_LIMIT_MS + rounds * 5_000,
);

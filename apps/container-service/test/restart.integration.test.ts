import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ContainerStatus, type ContainerConfig } from '@berth/proto/container';
import { killComponent, startTestEngine, waitFor, type TestEngine } from '@berth/testkit';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TestContainers } from './support/containers.ts';
import { startService } from './support/crashing-service.ts';
import { expectNothingLeft, leftBehind, openState } from './support/left-behind.ts';
import { rebootHost } from './support/reboot-host.ts';
import { expectWholeStories } from './support/stories.ts';

const { RUNNING, RESTARTING, EXITED } = ContainerStatus;

let engine: TestEngine;

beforeAll(async () => {
  // Without NATS every event stays in the outbox, where it can be counted.
  engine = await startTestEngine({ only: ['native', 'registry-gateway', 'volume-service', 'image-service'] });
});
afterAll(() => engine.stop());

function policy(name: string, maximumRetryCount = 0): Partial<ContainerConfig> {
  return { restartPolicy: { name, maximumRetryCount } };
}

/** Where every container is, by name. */
async function whereAll({ client }: TestContainers): Promise<Record<string, ContainerStatus>> {
  const { containers } = await client.listContainers({ all: true });
  return Object.fromEntries(containers.map(({ name, status }) => [name, status]));
}

async function expectSettled(containers: TestContainers, expected: Record<string, ContainerStatus>): Promise<void> {
  const isSettled = async (): Promise<boolean> =>
    Object.entries(await whereAll(containers)).every(([name, status]) => expected[name] === status);
  await waitFor(isSettled, { what: 'every policy' }).catch(() => {});
  expect(await whereAll(containers)).toEqual(expected);
}

test('after a restart of the host each container is what its policy wants', async () => {
  const before = await startService(engine);
  const start = (name: string, config: Partial<ContainerConfig>, script = 'sleep 100'): Promise<string> =>
    before.startDetached(script, { name, config });
  await Promise.all([
    start('no', {}),
    start('always', policy('always')),
    start('unless-stopped', policy('unless-stopped')),
    start('on-failure', policy('on-failure')),
    start('done', policy('on-failure'), 'exit 0'),
    start('spent', policy('on-failure', 1), 'exit 3'),
    start('removes-itself', { autoRemove: true }),
    ...['always', 'unless-stopped'].map(async (name) => {
      await start(`stopped-${name}`, policy(name));
      await before.client.stopContainer({ container: `stopped-${name}`, timeoutSeconds: 0, signal: '' });
    }),
    start('paused', policy('always')).then((container) => before.client.pauseContainer({ container })),
  ]);
  await waitFor(async () => (await before.get('spent')).restartCount === 1, { what: 'the last retry' });
  await before.client.waitContainer({ container: 'spent' });
  before.close();
  await rebootHost(engine);

  const after = await startService(engine);
  const expected = {
    no: EXITED,
    always: RUNNING,
    'unless-stopped': RUNNING,
    'on-failure': RUNNING,
    done: EXITED,
    spent: EXITED,
    'stopped-always': RUNNING,
    'stopped-unless-stopped': EXITED,
    paused: RUNNING,
  };
  await expectSettled(after, expected);
  expect(await after.get('no')).toMatchObject({ exitCode: 137, error: 'exit code unknown: the host was restarted' });
  expect(await after.exec('paused', ['echo', 'up'])).toMatchObject({ stdout: 'up\n' });

  // A restart of the service alone is none of the host.
  await after.client.stopContainer({ container: 'always', timeoutSeconds: 0, signal: '' });
  after.close();
  await killComponent(engine, 'container-service');
  using again = await startService(engine);
  await expectSettled(again, { ...expected, always: EXITED });
  await again.removeAll();
  await expectNothingLeft(engine);
  expectWholeStories(engine);
});

test('hundreds of restarts leave what one leaves', async () => {
  using containers = await startService(engine);
  const names = ['web', 'cache', 'queue', 'store'];
  for (const name of names) await containers.startDetached('exec sleep 100', { name, config: policy('always') });
  const has = (): object => ({ ...count(leftBehind(engine)), ...countOfService(), addresses: addresses() });
  await containers.client.restartContainer({ container: 'web', timeoutSeconds: 0, signal: 'KILL' });
  const once = has();
  await Promise.all(
    names.map(async (container) => {
      for (let n = 0; n < 50; n++) {
        await containers.client.restartContainer({ container, timeoutSeconds: 0, signal: 'KILL' });
      }
    }),
  );
  await waitFor(() => JSON.stringify(has()) === JSON.stringify(once), { what: 'the clean-up' }).catch(() => {});
  expect(has()).toEqual(once);
  await containers.removeAll();
  await expectNothingLeft(engine);
  expectWholeStories(engine);
});

function count(lists: Readonly<Record<string, readonly unknown[]>>): object {
  return Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, list.length]));
}

/** What the service holds open, and what is mounted under the engine's directory. */
function countOfService(): object {
  const record = readFileSync(join(engine.paths.runDir, 'pids/container-service.json'), 'utf8');
  const { pid } = JSON.parse(record) as { pid: number };
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return {
    files: readdirSync(`/proc/${pid}/fd`).length,
    mounts: mounts.filter((line) => line.includes(engine.root)).length,
  };
}

/** The addresses that containers have, lowest first: each start takes the lowest that is free. */
function addresses(): string[] {
  const query = `SELECT state ->> '$.endpoint.address' AS address FROM containers ORDER BY address`;
  return openState(engine, (database) =>
    database
      .prepare(query)
      .all()
      .map(({ address }) => String(address)),
  );
}

/** How long the only container waits until it is started again. */
function delayMs(): number {
  const query = `SELECT state ->> '$.restartDelayMs' AS delay FROM containers`;
  return openState(engine, (database) => Number(database.prepare(query).get()?.delay));
}

test('a command that has gone is tried again at growing intervals, until somebody stops it', async () => {
  using containers = await startService(engine);
  const config = policy('always');
  const script = 'rm /bin/sh; exit 3';
  const id = await containers.startDetached(script, { name: 'gone', config });
  await waitFor(async () => (await containers.get(id)).restartCount >= 4, { what: 'the fourth attempt' });
  expect(delayMs()).toBeGreaterThanOrEqual(800);
  const failed = await containers.get(id);
  expect(failed).toMatchObject({ status: RESTARTING, exitCode: 127 });
  expect(failed.error).toContain('exec: "sh": executable file not found in $PATH');
  await containers.client.stopContainer({ container: id, timeoutSeconds: undefined, signal: '' });
  expect((await containers.get(id)).status).toBe(EXITED);
  await containers.removeAll();
  await expectNothingLeft(engine);
  expectWholeStories(engine);

  const never = containers.run(['no-such-command'], { name: 'never', config });
  await expect(never).rejects.toMatchObject({ reason: 'COMMAND_NOT_FOUND' });
  expect(await whereAll(containers)).not.toMatchObject({ never: RESTARTING });
  await containers.removeAll();
  await expectNothingLeft(engine);
});

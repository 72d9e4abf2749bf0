import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startEngine, stopEngine } from '@berth/launcher';
import { ContainerStatus } from '@berth/proto/container';
import { killComponent, startTestEngine, waitFor, type TestEngine } from '@berth/testkit';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FAULT_POINTS, type FaultPoint } from '../src/fault.ts';
import { connectContainers, type TestContainers } from './support/containers.ts';
import { expectNothingLeft, openState } from './support/left-behind.ts';

let engine: TestEngine;

beforeAll(async () => {
  // Without NATS every event stays in the outbox, where it can be counted.
  engine = await startTestEngine({ only: ['native', 'registry-gateway', 'volume-service', 'image-service'] });
});
afterAll(() => engine.stop());

/** Starts container-service, which crashes at a point when one is given. */
async function startService(fault?: FaultPoint): Promise<TestContainers> {
  const env = { ...engine.env, ...(fault && { BERTH_FAULT: `${fault}:1` }) };
  await startEngine({ paths: engine.paths, env, only: ['container-service'] });
  return connectContainers(engine);
}

function isServiceAlive(): boolean {
  const { pid } = JSON.parse(readFileSync(join(engine.paths.runDir, 'pids/container-service.json'), 'utf8')) as {
    pid: number;
  };
  return existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

/** Passes every fault point on its way. */
async function liveThrough(containers: TestContainers, autoRemove: boolean): Promise<void> {
  const config = { autoRemove, openStdin: true };
  const id = await containers.startDetached('read line; exit 7', { name: 'life', config });
  await containers.exec(id, ['true']);
  await containers.client.killContainer({ container: id, signal: 'TERM' });
  await containers.client.killContainer({ container: id, signal: 'KILL' });
  if (!autoRemove) await containers.client.deleteContainer({ container: id });
}

/** The verbs of all events of containers, by container. */
function eventsByContainer(): string[][] {
  const rows = openState(engine, (database) => database.prepare('SELECT event FROM outbox ORDER BY sequence').all());
  const byContainer = new Map<string, string[]>();
  for (const row of rows) {
    const event = JSON.parse(String(row.event)) as { noun: string; verb: string; objectId: string };
    if (event.noun !== 'container') continue;
    byContainer.set(event.objectId, [...(byContainer.get(event.objectId) ?? []), event.verb]);
  }
  return [...byContainer.values()];
}

/** Each state that a container was in was told once, and in order. */
function expectWholeStories(): void {
  for (const verbs of eventsByContainer()) {
    const count = (verb: string): number => verbs.filter((each) => each === verb).length;
    expect([verbs[0], verbs.at(-1)]).toEqual(['create', 'destroy']);
    expect([count('create'), count('destroy'), count('die'), count('exec_die')]).toEqual([
      1,
      1,
      count('start'),
      count('exec_start'),
    ]);
  }
}

// One that removes itself is never removed by hand.
const POINTS_OF_AUTO_REMOVE = FAULT_POINTS.filter((point) => point !== 'remove:row');

describe.each([
  { what: 'a container', autoRemove: false, points: FAULT_POINTS },
  { what: 'a container that removes itself', autoRemove: true, points: POINTS_OF_AUTO_REMOVE },
])('the life of $what', ({ autoRemove, points }) => {
  test.each(points)('survives a crash at %s', async (fault) => {
    const doomed = await startService(fault);
    await liveThrough(doomed, autoRemove).catch(() => {});
    await waitFor(() => !isServiceAlive(), { what: `the crash at ${fault}` });
    doomed.close();

    const containers = await startService();
    const settled = async (): Promise<boolean> => {
      const { containers: all } = await containers.client.listContainers({ all: true });
      return all.every(({ status }) => status !== ContainerStatus.STARTING);
    };
    await waitFor(settled, { what: 'the recovery' });
    await containers.removeAll();
    await expectNothingLeft(engine);
    expectWholeStories();
    const { exit } = await containers.run(['sh', '-c', 'exit 3'], { config: { autoRemove: true } });
    expect(exit?.exitCode).toBe(3);
    await expectNothingLeft(engine);
    containers.close();
    await killComponent(engine, 'container-service');
  });
});

describe('when the service is stopped', () => {
  test('it ends at once, tells its clients, and leaves containers alone', async () => {
    let containers = await startService();
    const id = await containers.startDetached('sleep 1; exit 8', { name: 'stays' });
    const up = Promise.withResolvers<void>();
    const unavailable = { reason: 'SERVICE_UNAVAILABLE', message: expect.stringContaining('the process goes on') };
    const clients = [
      containers.run(['sh', '-c', 'echo up; sleep 60'], { name: 'attached', onStdout: () => up.resolve() }),
      containers.exec(id, ['sleep', '60']),
      containers.client.waitContainer({ container: id }),
      containers.logs(id, { follow: true }),
    ].map((client) => expect(client).rejects.toMatchObject(unavailable));
    await up.promise;
    const begun = Date.now();
    await stopEngine({ paths: engine.paths, env: engine.env, only: ['container-service'] });
    await Promise.all(clients);
    expect(Date.now() - begun).toBeLessThan(3000);
    containers.close();
    containers = await startService();
    const { exit } = await containers.client.waitContainer({ container: id });
    expect(exit?.exitCode).toBe(8);
    expect((await containers.get('attached')).status).toBe(ContainerStatus.RUNNING);
    await containers.removeAll();
    await expectNothingLeft(engine);
    containers.close();
  });
});

describe('while the service is away', () => {
  test('a container runs on, and its exit code is not lost', async () => {
    let containers = await startService();
    const id = await containers.startDetached('sleep 0.5; echo done; exit 5');
    containers.close();
    await killComponent(engine, 'container-service');
    await new Promise((resolve) => setTimeout(resolve, 800));
    containers = await startService();
    const { exit } = await containers.client.waitContainer({ container: id });
    expect(exit?.exitCode).toBe(5);
    expect(await containers.logs(id)).toBe('done\n');
    await containers.removeAll();
    containers.close();
  });

  test('its own start is finished by its keeper', async () => {
    let containers = await startService();
    const runs = Array.from({ length: 6 }, (_, n) =>
      containers.startDetached('sleep 60', { name: `r${n}` }).catch(() => {}),
    );
    await new Promise((resolve) => setTimeout(resolve, 25));
    await killComponent(engine, 'container-service');
    await Promise.all(runs);
    containers.close();
    containers = await startService();
    const settled = async (): Promise<boolean> => {
      const { containers: all } = await containers.client.listContainers({ all: true });
      return all.every(({ status }) => status === ContainerStatus.RUNNING || status === ContainerStatus.CREATED);
    };
    await waitFor(settled, { what: 'the recovery' });
    await containers.removeAll();
    await expectNothingLeft(engine);
    expectWholeStories();
    containers.close();
  });

  test('an exec runs on, and its end is told', async () => {
    let containers = await startService();
    const id = await containers.startDetached('sleep 60', { name: 'host' });
    await containers.exec(id, ['sh', '-c', 'sleep 0.4; exit 4'], { detach: true });
    containers.close();
    await killComponent(engine, 'container-service');
    containers = await startService();
    await waitFor(() => eventsByContainer().at(-1)?.includes('exec_die') === true, { what: 'the end of the exec' });
    await containers.removeAll();
    expectWholeStories();
    containers.close();
  });

  test('a keeper that dies too costs the exit code, and says so', async () => {
    let containers = await startService();
    const id = await containers.startDetached('sleep 60', { name: 'orphan' });
    const { pid } = await containers.get(id);
    const keeper = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    process.kill(keeper, 'SIGKILL');
    await waitFor(async () => (await containers.get(id)).status === ContainerStatus.RUNNING, { what: 'the adoption' });
    containers.close();
    await killComponent(engine, 'container-service');
    containers = await startService();
    await containers.client.stopContainer({ container: id, timeoutSeconds: 0, signal: '' });
    const container = await containers.get(id);
    expect([container.status, container.exitCode]).toEqual([ContainerStatus.EXITED, 137]);
    expect(container.error).toContain('exit code unknown');
    await containers.removeAll();
    await expectNothingLeft(engine);
    containers.close();
  });

  test('the native helper that is down refuses starts, and is used again once it is back', async () => {
    const containers = await startService();
    await killComponent(engine, 'native');
    await expect(containers.run(['true'], { config: { autoRemove: true } })).rejects.toMatchObject({
      reason: 'SERVICE_UNAVAILABLE',
    });
    await startEngine({ paths: engine.paths, env: engine.env, only: ['native'] });
    const { exit } = await containers.run(['true'], { config: { autoRemove: true } });
    expect(exit?.exitCode).toBe(0);
    await expectNothingLeft(engine);
    containers.close();
  });

  test('image-service that is down refuses containers, and leaves nothing', async () => {
    const containers = await startService();
    await killComponent(engine, 'image-service');
    await expect(containers.run(['true'])).rejects.toMatchObject({ reason: 'SERVICE_UNAVAILABLE' });
    expect((await containers.client.listContainers({ all: true })).containers).toEqual([]);
    await startEngine({ paths: engine.paths, env: engine.env, only: ['image-service'] });
    const { exit } = await containers.run(['true'], { config: { autoRemove: true } });
    expect(exit?.exitCode).toBe(0);
    containers.close();
  });
});

import { readFileSync } from 'node:fs';
import { startEngine, stopEngine } from '@berth/launcher';
import { ContainerStatus } from '@berth/proto/container';
import { killComponent, startTestEngine, waitFor, type TestEngine } from '@berth/testkit';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startService } from './support/crashing-service.ts';
import { expectNothingLeft } from './support/left-behind.ts';
import { eventsByContainer, expectWholeStories } from './support/stories.ts';

let engine: TestEngine;

beforeAll(async () => {
  // Without NATS every event stays in the outbox, where it can be counted.
  engine = await startTestEngine({ only: ['native', 'registry-gateway', 'volume-service', 'image-service'] });
});
afterAll(() => engine.stop());

describe('when the service is stopped', () => {
  test('it ends at once, tells its clients, and leaves containers alone', async () => {
    let containers = await startService(engine);
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
    await stopEngine({ paths: engine.paths, env: engine.env, only: ['container-service'] });
    await Promise.all(clients);
    containers.close();
    containers = await startService(engine);
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
    let containers = await startService(engine);
    const id = await containers.startDetached('sleep 0.5; echo done; exit 5');
    containers.close();
    await killComponent(engine, 'container-service');
    await new Promise((resolve) => setTimeout(resolve, 800));
    containers = await startService(engine);
    const { exit } = await containers.client.waitContainer({ container: id });
    expect(exit?.exitCode).toBe(5);
    expect(await containers.logs(id)).toBe('done\n');
    await containers.removeAll();
    containers.close();
  });

  test('its own start is finished by its keeper', async () => {
    let containers = await startService(engine);
    const runs = Array.from({ length: 6 }, (_, n) =>
      containers.startDetached('sleep 60', { name: `r${n}` }).catch(() => {}),
    );
    await new Promise((resolve) => setTimeout(resolve, 25));
    await killComponent(engine, 'container-service');
    await Promise.all(runs);
    containers.close();
    containers = await startService(engine);
    const settled = async (): Promise<boolean> => {
      const { containers: all } = await containers.client.listContainers({ all: true });
      return all.every(({ status }) => status === ContainerStatus.RUNNING || status === ContainerStatus.CREATED);
    };
    await waitFor(settled, { what: 'the recovery' });
    await containers.removeAll();
    await expectNothingLeft(engine);
    expectWholeStories(engine);
    containers.close();
  });

  test('an exec runs on, and its end is told', async () => {
    let containers = await startService(engine);
    const id = await containers.startDetached('sleep 60', { name: 'host' });
    await containers.exec(id, ['sh', '-c', 'sleep 0.4; exit 4'], { detach: true });
    containers.close();
    await killComponent(engine, 'container-service');
    containers = await startService(engine);
    await waitFor(() => eventsByContainer(engine).at(-1)?.includes('exec_die') === true, {
      what: 'the end of the exec',
    });
    await containers.removeAll();
    expectWholeStories(engine);
    containers.close();
  });

  test('a keeper that dies too costs the exit code, and says so', async () => {
    let containers = await startService(engine);
    const id = await containers.startDetached('sleep 60', { name: 'orphan' });
    const { pid } = await containers.get(id);
    const keeper = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    process.kill(keeper, 'SIGKILL');
    await waitFor(async () => (await containers.get(id)).status === ContainerStatus.RUNNING, { what: 'the adoption' });
    containers.close();
    await killComponent(engine, 'container-service');
    containers = await startService(engine);
    await containers.client.stopContainer({ container: id, timeoutSeconds: 0, signal: '' });
    const container = await containers.get(id);
    expect([container.status, container.exitCode]).toEqual([ContainerStatus.EXITED, 137]);
    expect(container.error).toContain('exit code unknown');
    await containers.removeAll();
    await expectNothingLeft(engine);
    containers.close();
  });

  test('the native helper that is down refuses starts, and is used again once it is back', async () => {
    const containers = await startService(engine);
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
    const containers = await startService(engine);
    await killComponent(engine, 'image-service');
    await expect(containers.run(['true'])).rejects.toMatchObject({ reason: 'SERVICE_UNAVAILABLE' });
    expect((await containers.client.listContainers({ all: true })).containers).toEqual([]);
    await startEngine({ paths: engine.paths, env: engine.env, only: ['image-service'] });
    const { exit } = await containers.run(['true'], { config: { autoRemove: true } });
    expect(exit?.exitCode).toBe(0);
    containers.close();
  });
});

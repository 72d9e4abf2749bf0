import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { engineNames } from '@berth/client';
import { ContainerStatus, Resources } from '@berth/proto/container';
import { killComponent, startTestEngine, waitFor, type TestEngine } from '@berth/testkit';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FAULT_POINTS, type FaultPoint } from '../src/fault.ts';
import type { TestContainers } from './support/containers.ts';
import { crashService, startService } from './support/crashing-service.ts';
import { expectNothingLeft } from './support/left-behind.ts';
import { readLimit } from './support/read-limit.ts';
import { eventsByContainer, expectWholeStories } from './support/stories.ts';

const MEMORY_BYTES = 64n * 1024n * 1024n;
const { PAUSED, RUNNING, EXITED, STARTING } = ContainerStatus;

let engine: TestEngine;

beforeAll(async () => {
  // Without NATS every event stays in the outbox, where it can be counted.
  engine = await startTestEngine({ only: ['native', 'registry-gateway', 'volume-service', 'image-service'] });
});
afterAll(() => engine.stop());

/** A port of the host, any that is free. */
const PUBLISHED = { portBindings: [{ containerPort: '80/tcp', hostAddress: '', firstHostPort: 0, lastHostPort: 0 }] };

/** Passes every fault point of a life from its creation to its removal. */
async function liveThrough(containers: TestContainers, autoRemove: boolean): Promise<void> {
  const config = { ...PUBLISHED, autoRemove, openStdin: true };
  const id = await containers.startDetached('read line; exit 7', { name: 'life', config });
  await containers.exec(id, ['true']);
  await containers.client.killContainer({ container: id, signal: 'TERM' });
  await containers.client.killContainer({ container: id, signal: 'KILL' });
  if (!autoRemove) await containers.client.deleteContainer({ container: id });
}

/** Fails once, is started again by its policy, then takes every turn that a running container can take. */
async function takeTurns(containers: TestContainers): Promise<void> {
  const { client } = containers;
  const script = '[ -e /again ] && exec sleep 100; touch /again; exit 7';
  const config = { ...PUBLISHED, restartPolicy: { name: 'on-failure', maximumRetryCount: 0 } };
  const container = await containers.startDetached(script, { name: 'turns', config });
  const runsAgain = async (): Promise<boolean> => {
    const { status, restartCount } = await containers.get(container);
    return status === RUNNING && restartCount === 1;
  };
  await waitFor(runsAgain, { what: 'the restart' });
  await client.pauseContainer({ container });
  await client.unpauseContainer({ container });
  const resources = Resources.fromPartial({ memoryBytes: MEMORY_BYTES });
  await client.updateContainer({ container, resources, restartPolicy: undefined });
  await client.renameContainer({ container, name: 'turned' });
  await client.restartContainer({ container, timeoutSeconds: 0, signal: '' });
}

/** What the kernel says. */
function isFrozen(id: string): boolean {
  const file = join(engineNames(engine.root).cgroupDir, 'containers', id, 'cgroup.events');
  return existsSync(file) && /^frozen 1$/m.test(readFileSync(file, 'utf8'));
}

const TWICE = ['create', 'start', 'die', 'start'];
const THAWED = [...TWICE, 'pause', 'unpause'];
const UPDATED = [...THAWED, 'update'];
const RENAMED = [...UPDATED, 'rename'];

/** What is true once a service has come back from a crash at a turn, and what was told by then. */
const TURNS = {
  'restart:waiting': { status: RUNNING, name: 'turns', told: TWICE },
  'restart:due': { status: RUNNING, name: 'turns', told: TWICE },
  'pause:frozen': { status: RUNNING, name: 'turns', told: TWICE },
  'unpause:thawed': { status: PAUSED, name: 'turns', told: [...TWICE, 'pause'] },
  'update:noted': { status: RUNNING, name: 'turns', told: UPDATED },
  'update:limited': { status: RUNNING, name: 'turns', told: UPDATED },
  'rename:row': { status: RUNNING, name: 'turned', told: RENAMED },
  'stop:row': { status: RUNNING, name: 'turned', told: [...RENAMED, 'kill'] },
  'restart:stopped': { status: EXITED, name: 'turned', told: [...RENAMED, 'kill', 'kill', 'die', 'stop'] },
} satisfies Partial<Record<FaultPoint, object>>;

// Those of networks are passed in networks.integration.test.ts.
const POINTS_OF_LIFE = FAULT_POINTS.filter(
  (point) => !(point in TURNS) && !point.startsWith('network-') && point !== 'create:begun',
);
// One that removes itself is never removed by hand.
const POINTS_OF_AUTO_REMOVE = POINTS_OF_LIFE.filter((point) => point !== 'remove:row');

/** Nothing is half started, what there is can be removed, and nothing is left of it. */
async function expectRecovered(containers: TestContainers): Promise<void> {
  const isSettled = async (): Promise<boolean> => {
    const { containers: all } = await containers.client.listContainers({ all: true });
    return all.every(({ status }) => status !== STARTING);
  };
  await waitFor(isSettled, { what: 'the recovery' });
  await containers.removeAll();
  await expectNothingLeft(engine);
  expectWholeStories(engine);
}

describe.each([
  { what: 'a container', autoRemove: false, points: POINTS_OF_LIFE },
  { what: 'a container that removes itself', autoRemove: true, points: POINTS_OF_AUTO_REMOVE },
])('the life of $what', ({ autoRemove, points }) => {
  test.each(points)('survives a crash at %s', async (fault) => {
    await crashService(engine, fault, (containers) => liveThrough(containers, autoRemove));
    using containers = await startService(engine);
    await expectRecovered(containers);
    const { exit } = await containers.run(['sh', '-c', 'exit 3'], { config: { autoRemove: true } });
    expect(exit?.exitCode).toBe(3);
    await expectNothingLeft(engine);
    await killComponent(engine, 'container-service');
  });
});

describe('a container that has begun to start before it is created', () => {
  test.each([
    ['create:begun', 1],
    ['create:row', 2],
    ['start:files', 2],
  ] as const)('leaves nothing after a crash at %s', async (fault, count) => {
    // The first one tells what its image is.
    await crashService(engine, `${fault}:${count}`, async (containers) => {
      const config = { userNamespaceMode: '' };
      await containers.run(['true'], { config: { ...config, autoRemove: true } });
      await containers.run(['true'], { config });
    });
    using containers = await startService(engine);
    await expectRecovered(containers);
    await killComponent(engine, 'container-service');
  });
});

describe('the turns of a container', () => {
  test.each(Object.entries(TURNS))('survive a crash at %s', async (fault, { status, name, told }) => {
    await crashService(engine, fault as FaultPoint, takeTurns);
    using containers = await startService(engine);
    const found = async (): Promise<unknown> => {
      const { containers: all } = await containers.client.listContainers({ all: true });
      return all.map((each) => [each.status, each.name, each.restartCount, isFrozen(each.id)]);
    };
    const expected = [[status, name, 1, status === PAUSED]];
    await waitFor(async () => JSON.stringify(await found()) === JSON.stringify(expected), { what: fault }).catch(
      () => {},
    );
    expect(await found()).toEqual(expected);
    await waitFor(() => eventsByContainer(engine).at(-1)?.length === told.length, { what: 'the events' }).catch(
      () => {},
    );
    expect(eventsByContainer(engine).at(-1)).toEqual(told);
    for (const { id, status: found, config } of (await containers.client.listContainers({ all: true })).containers) {
      const { memoryBytes = 0n } = config?.resources ?? {};
      expect(memoryBytes).toBe(told.includes('update') ? MEMORY_BYTES : 0n);
      if (found === RUNNING && memoryBytes > 0n) {
        expect(readLimit(engine, id, 'memory.limit_in_bytes', 'memory.max')).toBe(String(memoryBytes));
      }
    }
    await containers.removeAll();
    await expectNothingLeft(engine);
    expectWholeStories(engine);
    await killComponent(engine, 'container-service');
  });
});

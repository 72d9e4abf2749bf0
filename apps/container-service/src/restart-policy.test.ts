import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { setFrozen } from './adapters/freezer.ts';
import { aConfig, createdAndStarted, createMemoryEngine, DETACHED, settle } from './adapters/memory-engine.ts';
import type { ContainerConfig, RestartPolicy } from './container-config.ts';
import { newContainer, type Container } from './container.ts';
import { planRestart } from './restart-policy.ts';

const policy = (name: RestartPolicy['name'], maximumRetryCount = 0): Partial<ContainerConfig> => ({
  restartPolicy: { name, maximumRetryCount },
});

function ended(config: Partial<ContainerConfig>, state: Partial<Container['state']> = {}): Container {
  const spec = { id: 'a'.repeat(64), config: aConfig(config) } as Container;
  return { ...spec, state: { ...newContainer(spec).state, startTimeNs: 0n, ...state } };
}

describe('the plan', () => {
  test.each([
    ['no', 1, {}, false],
    ['always', 0, {}, true],
    ['always', 1, { stoppedByUser: true }, false],
    ['unless-stopped', 0, {}, true],
    ['unless-stopped', 137, { stoppedByUser: true }, false],
    ['on-failure', 0, {}, false],
    ['on-failure', 1, {}, true],
    ['on-failure', 1, { restartCount: 1 }, true],
    ['on-failure', 1, { restartCount: 2 }, false],
  ] as const)('%s after exit code %i in %j: %s', (name, exitCode, state, wanted) => {
    const maximum = name === 'on-failure' ? 2 : 0;
    expect(planRestart(ended(policy(name, maximum), state), { exitCode, timeNs: 1n }) !== null).toBe(wanted);
  });

  test('the delay doubles from 100 ms to one minute, and begins anew after a run of ten seconds', () => {
    const delays: number[] = [];
    let container = ended(policy('always'));
    for (let count = 0; count < 12; count++) {
      const change = planRestart(container, { exitCode: 1, timeNs: 9_999_999_999n });
      container = { ...container, state: { ...container.state, ...change } };
      delays.push(container.state.restartDelayMs);
    }
    expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000]);
    expect(planRestart(container, { exitCode: 1, timeNs: 10_000_000_000n })).toMatchObject({ restartDelayMs: 100 });
  });
});

describe('a container with a policy', () => {
  /** Waits until a container is what is expected; a busy machine may take its time. */
  async function becomes(
    state: () => Container['state'] | undefined,
    expected: Partial<Container['state']>,
  ): Promise<void> {
    for (let turn = 0; turn < 1000; turn++) {
      const now = state();
      if (Object.entries(expected).every(([key, value]) => now?.[key as keyof Container['state']] === value)) break;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(state()).toMatchObject(expected);
  }

  const afterDelay = async (ms = 130): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    await settle();
  };

  test('is restarting, then runs again', async () => {
    const engine = createMemoryEngine();
    const { process, state } = await createdAndStarted(engine, policy('on-failure'));
    const { pid } = process();
    process().exit(3);
    await settle();
    expect(state()).toMatchObject({ status: 'restarting', exitCode: 3, restartCount: 1, endpoint: null });
    await becomes(state, { status: 'running', restartCount: 1 });
    expect(process().pid).not.toBe(pid);
    process().exit(0);
    await settle();
    expect(state()).toMatchObject({ status: 'exited', exitCode: 0 });
  });

  test('that is stopped, killed or stopped while it waits stays exited, and a start begins anew', async () => {
    const engine = createMemoryEngine();
    const { id, process, state } = await createdAndStarted(engine, policy('always'));
    process().exit(1);
    await settle();
    await engine.control.stop(id, { timeoutSeconds: null, signal: '' });
    expect(state()).toMatchObject({ status: 'exited', stoppedByUser: true });
    await afterDelay();
    expect(state()).toMatchObject({ status: 'exited' });
    await engine.control.start(id, DETACHED);
    expect(state()).toMatchObject({ status: 'running', restartCount: 0, restartDelayMs: 0, stoppedByUser: false });
    await engine.control.kill(id, '');
    await settle();
    expect(state()).toMatchObject({ status: 'exited' });
  });

  test('cannot be executed in, started or removed without force while it waits', async () => {
    const engine = createMemoryEngine();
    const { id, process } = await createdAndStarted(engine, policy('always'));
    process().exit(1);
    await settle();
    await expect(engine.control.start(id, DETACHED)).resolves.toBeNull();
    await expect(engine.control.remove('web', { force: false, volumes: false })).rejects.toThrow(
      'cannot remove container "web": container is restarting: stop the container before removing or force remove',
    );
    await engine.control.remove('web', { force: true, volumes: false });
    expect(engine.stores.containers.list()).toEqual([]);
    await afterDelay();
    expect(engine.troubles).toEqual([]);
  });

  test('is tried again when its restart fails', async () => {
    const engine = createMemoryEngine();
    const { process, state } = await createdAndStarted(engine, policy('always'));
    engine.images.down = true;
    process().exit(1);
    await settle();
    await becomes(state, { status: 'restarting', restartCount: 1, restartDelayMs: 200 });
    engine.images.down = false;
    await becomes(state, { status: 'running' });
  });

  test('goes on after a crash of the service during the delay', async () => {
    const engine = createMemoryEngine();
    const { process, state } = await createdAndStarted(engine, policy('always'));
    process().exit(1);
    await settle();
    const next = engine.restart();
    next.recovery.resume();
    await becomes(state, { status: 'running', restartCount: 1 });
  });

  test.each([
    ['no', false, false],
    ['on-failure', false, true],
    ['unless-stopped', false, true],
    ['always', false, true],
    ['on-failure', true, false],
    ['unless-stopped', true, false],
    ['always', true, true],
  ] as const)('%s, stopped before the host went down: %s, comes up with it: %s', async (name, isStopped, comesUp) => {
    const engine = createMemoryEngine();
    const { id, process, state } = await createdAndStarted(engine, policy(name));
    if (isStopped) await engine.control.kill(id, '');
    else process().loseKeeper({ processLives: false });
    await settle();
    const next = engine.restart();
    engine.runtime.bootId = 'boot-2';
    next.recovery.resume();
    await becomes(state, { status: comesUp ? 'running' : 'exited' });
    await next.control.stop(id, { timeoutSeconds: 0, signal: '' });
  });
});

test('a policy and auto_remove exclude each other', async () => {
  const engine = createMemoryEngine();
  const config = aConfig({ ...policy('always'), autoRemove: true });
  await expect(engine.creator.create({ name: '', config })).rejects.toThrow(
    "can't create 'AutoRemove' container with restart policy",
  );
});

describe('pausing', () => {
  test('freezes, refuses what needs a running container, and thaws', async () => {
    const engine = createMemoryEngine();
    const { id, state } = await createdAndStarted(engine);
    await expect(engine.freezer.unpause('web')).rejects.toThrow(`Container ${id} is not paused`);
    await engine.freezer.pause('web');
    expect(state()).toMatchObject({ status: 'paused' });
    await expect(engine.freezer.pause('web')).rejects.toThrow(`Container ${id} is already paused`);
    await expect(engine.control.start(id, DETACHED)).rejects.toThrow('cannot start a paused container, try unpause');
    await expect(engine.control.remove('web', { force: false, volumes: false })).rejects.toThrow(
      'cannot remove container "web": container is paused and must be unpaused first',
    );
    await engine.freezer.unpause('web');
    expect(state()).toMatchObject({ status: 'running' });
    expect(engine.verbs().slice(-2)).toEqual(['pause', 'unpause']);
  });

  test('a paused container that is stopped is thawed, so that it can obey', async () => {
    const engine = createMemoryEngine();
    const { id, process, state } = await createdAndStarted(engine);
    await engine.freezer.pause(id);
    const stopped = engine.control.stop(id, { timeoutSeconds: -1, signal: '' });
    await settle();
    expect(engine.runtime.isFrozen(`/cgroup/containers/${id}`)).toBe(false);
    process().exit(0);
    await stopped;
    expect(state()).toMatchObject({ status: 'exited', exitCode: 0 });
  });

  test('after a crash between kernel and row, the row is right', async () => {
    const engine = createMemoryEngine();
    const { id, state } = await createdAndStarted(engine);
    await engine.runtime.setFrozen(`/cgroup/containers/${id}`, true);
    const next = engine.restart();
    next.recovery.resume();
    await settle();
    expect(state()).toMatchObject({ status: 'running' });
    expect(engine.runtime.isFrozen(`/cgroup/containers/${id}`)).toBe(false);
  });

  test("one whose end is about to be told is neither frozen nor in anybody's way", async () => {
    const engine = createMemoryEngine();
    const { id, process, state } = await createdAndStarted(engine);
    engine.runtime.setFrozen = (dir) => setFrozen(join(tmpdir(), 'no-group', dir), true);
    await expect(engine.freezer.pause(id)).rejects.toThrow(`Container ${id} is not running`);
    await expect(engine.freezer.whileFrozen(id, () => Promise.resolve('done'))).resolves.toBe('done');
    process().exit(3);
    await settle();
    expect(state()).toMatchObject({ status: 'exited', exitCode: 3 });
  });

  test('something is done while a container stands still, whether or not a user pauses it meanwhile', async () => {
    const engine = createMemoryEngine();
    const { id, state } = await createdAndStarted(engine);
    const isFrozen = (): boolean => engine.runtime.isFrozen(`/cgroup/containers/${id}`);
    await expect(engine.freezer.whileFrozen(id, () => Promise.resolve(isFrozen()))).resolves.toBe(true);
    expect(isFrozen()).toBe(false);
    await engine.freezer.whileFrozen(id, () => engine.freezer.pause(id));
    expect(state()).toMatchObject({ status: 'paused' });
    expect(isFrozen()).toBe(true);
  });
});

describe('other verbs', () => {
  test('restart stops, starts and keeps a container with auto_remove', async () => {
    const engine = createMemoryEngine();
    const { id, process, state } = await createdAndStarted(engine, { autoRemove: true });
    const { pid } = process();
    const restarted = engine.control.restart('web', { timeoutSeconds: 0, signal: '' });
    await restarted;
    expect(process().pid).not.toBe(pid);
    expect(state()).toMatchObject({ status: 'running' });
    expect(engine.verbs().slice(-1)).toEqual(['restart']);
    process().exit(0);
    await settle();
    expect(engine.stores.containers.get(id)).toBeNull();
  });

  test('rename gives a free name', async () => {
    const engine = createMemoryEngine();
    const { id } = await createdAndStarted(engine);
    await engine.creator.create({ name: 'db', config: aConfig() });
    expect(() => engine.changer.rename('web', '/db')).toThrow(
      'Error when allocating new name: Conflict. The container name "/db" is already in use',
    );
    expect(() => engine.changer.rename('web', 'web')).toThrow('same name as its current name');
    engine.changer.rename('web', 'front');
    expect(engine.stores.containers.idOfName('front')).toBe(id);
    expect(engine.stores.containers.idOfName('web')).toBeNull();
    expect(engine.stores.events.at(-1)).toMatchObject({
      verb: 'rename',
      attributes: { name: 'front', oldName: '/web' },
    });
  });

  test('prune removes what has ended and matches', async () => {
    const engine = createMemoryEngine();
    await createdAndStarted(engine);
    await engine.creator.create({ name: 'kept', config: aConfig({ labels: { keep: 'yes' } }) });
    const { container } = await engine.creator.create({ name: 'old', config: aConfig() });
    await expect(engine.prune([{ key: 'name', value: 'x' }])).rejects.toThrow("invalid filter 'name'");
    await expect(engine.prune([{ key: 'until', value: '1h' }])).resolves.toMatchObject({ ids: [] });
    const pruned = await engine.prune([{ key: 'label!', value: 'keep=yes' }]);
    expect(pruned).toEqual({ ids: [container.id], reclaimedBytes: 1000 });
    expect(engine.stores.events.at(-1)).toMatchObject({
      verb: 'prune',
      objectId: '',
      attributes: { reclaimed: '1000' },
    });
    expect(
      engine.stores.containers
        .list()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['kept', 'web']);
  });

  test('whoever waits for the removal of a container that runs may leave', async () => {
    const engine = createMemoryEngine();
    const { id, process } = await createdAndStarted(engine);
    const client = new AbortController();
    const removed = engine.control.wait(id, 'removed', client.signal);
    const left = expect(removed).rejects.toThrow('The operation was aborted');
    client.abort();
    await settle();
    process().exit(0);
    await left;
  });

  test('wait knows the next exit, and the removal', async () => {
    const engine = createMemoryEngine();
    const mounts = [{ type: 'volume' as const, source: 'data', target: '/data', readonly: false }];
    const { container } = await engine.creator.create({ name: 'web', config: aConfig({ mounts }) });
    const { signal } = new AbortController();
    const next = engine.control.wait('web', 'next-exit', signal);
    const removed = engine.control.wait('web', 'removed', signal);
    await engine.control.start('web', DETACHED);
    engine.runtime.process(`/run/${container.id}`).exit(5);
    await expect(next).resolves.toMatchObject({ exitCode: 5 });
    await settle();
    const order: string[] = [];
    engine.volumes.release = async () => {
      await settle();
      order.push('volumes are back');
    };
    void removed.then(() => order.push('removed'));
    await engine.control.remove('web', { force: false, volumes: false });
    await removed;
    expect(order).toEqual(['volumes are back', 'removed']);
  });
});

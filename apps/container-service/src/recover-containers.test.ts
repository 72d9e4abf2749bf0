import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { BerthError } from '@berth/errors';
import { waitFor } from '@berth/testkit';
import { NO_LIMITS } from './resources.ts';
import { aConfig, createdAndStarted, createMemoryEngine, DETACHED, settle } from './adapters/memory-engine.ts';
import type { MemoryEngine } from './adapters/memory-engine.ts';
import type { RestartPolicy } from './container-config.ts';

let engine: MemoryEngine;
let mendDisk: () => void;

beforeEach(() => {
  engine = createMemoryEngine();
});
afterEach(() => mendDisk());

/** Every change of a container fails until the disk is mended. */
function fillDisk(): void {
  const { containers } = engine.stores;
  const { replace, remove } = containers;
  mendDisk = () => Object.assign(containers, { replace, remove });
  const refuse = (): never => {
    throw new BerthError('DISK_FULL', 'no space left on device');
  };
  Object.assign(containers, { replace: refuse, remove: refuse });
}

const policy = (name: RestartPolicy['name']) => ({ restartPolicy: { name, maximumRetryCount: 0 } });
const afterRetry = async (): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve, 1_150));
  await settle();
};

describe('a service that starts on a full disk', () => {
  test('takes up what it can, and the rest once there is room', async () => {
    const started = await createdAndStarted(engine);
    const before = engine.stores.containers.get(started.id)!;
    engine.stores.containers.replace(before, { ...before, state: { ...before.state, status: 'starting' } }, []);
    const paused = await createdAndStarted(engine, {}, 'paused');
    await engine.runtime.setFrozen(`/cgroup/containers/${paused.id}`, true);
    const host = await createdAndStarted(engine, { ...policy('always'), networkMode: 'host' }, 'host');
    host.process().exit(0);
    await settle();
    await engine.control.stop(host.id, { timeoutSeconds: 0, signal: '' });
    const ended = engine.stores.containers.get(host.id)!;
    engine.stores.containers.replace(ended, { ...ended, state: { ...ended.state, bootId: 'boot-0' } }, []);
    fillDisk();
    const next = engine.restart();
    next.recovery.resume();
    expect(started.state()).toMatchObject({ status: 'starting' });
    const stopped = next.control.stop(paused.id, { timeoutSeconds: 0, signal: '' });
    mendDisk();
    await afterRetry();
    expect(started.state()).toMatchObject({ status: 'running' });
    expect(host.state()).toMatchObject({ status: 'running' });
    await stopped;
    expect(paused.state()).toMatchObject({ status: 'exited' });
  });
});

describe('a start that an end of the service interrupted', () => {
  test.each([
    ['no', 'created', 0],
    ['always', 'restarting', 0],
  ] as const)('with the policy %s leaves the container %s', async (name, status, restartCount) => {
    const { container } = await engine.creator.create({ name: 'web', config: aConfig(policy(name)) });
    const starting = { ...container, state: { ...container.state, status: 'starting' as const, bootId: 'boot-1' } };
    engine.stores.containers.replace(container, starting, []);
    mendDisk = () => {};
    const next = engine.restart();
    next.recovery.resume();
    await settle();
    expect(engine.stores.containers.get(container.id)?.state).toMatchObject({ status, restartCount });
    // Its names may have been told by then, and are answered by a process that outlives the service.
    expect(next.resolver.calls).toEqual([`adopt ${container.id}`, `remove ${container.id}`]);
    await next.control.stop(container.id, { timeoutSeconds: 0, signal: '' });
  });
});

describe('the last start that a policy allows', () => {
  test.each(['an end of the service', 'a helper that was away'])(
    'is still to come after %s interrupted it',
    async (by) => {
      const limited = { restartPolicy: { name: 'on-failure' as const, maximumRetryCount: 1 } };
      const { id, process, state } = await createdAndStarted(engine, limited);
      mendDisk = () => {};
      if (by !== 'an end of the service') engine.runtime.failure = new BerthError('SERVICE_UNAVAILABLE', 'away');
      process().exit(7);
      await settle();
      if (by === 'an end of the service') {
        const waiting = engine.stores.containers.get(id)!;
        engine.stores.containers.replace(waiting, { ...waiting, state: { ...waiting.state, status: 'starting' } }, []);
        engine.restart().recovery.resume();
      } else {
        await waitFor(() => state()?.restartDelayMs === 200, { what: 'the failed start' });
        engine.runtime.failure = null;
      }
      await waitFor(() => state()?.status === 'running', { what: 'the last start' });
      process().exit(7);
      await settle();
      expect(state()).toMatchObject({ status: 'exited', exitCode: 7, restartCount: 1 });
    },
  );
});

describe('a start that could not even begin', () => {
  test('removes a container with auto_remove, once there is room', async () => {
    const config = aConfig({ autoRemove: true });
    const { container } = await engine.creator.create({ name: 'web', config });
    fillDisk();
    await expect(engine.control.start('web', DETACHED)).rejects.toThrow('no space left');
    mendDisk();
    await afterRetry();
    expect(engine.stores.containers.get(container.id)).toBeNull();
    expect(engine.verbs()).toEqual(['create', 'destroy']);
    expect(engine.stores.containers.listLeftovers()).toEqual([]);
  });

  test('is tried again when a policy wanted it', async () => {
    const { process, state } = await createdAndStarted(engine, policy('always'));
    process().exit(1);
    await settle();
    fillDisk();
    await new Promise((resolve) => setTimeout(resolve, 130));
    expect(state()).toMatchObject({ status: 'restarting' });
    mendDisk();
    await afterRetry();
    expect(state()).toMatchObject({ status: 'running', restartCount: 1 });
  });
});

describe('a kill', () => {
  beforeEach(() => {
    mendDisk = () => {};
  });

  test('that a dying keeper swallowed is sent again', async () => {
    const start = engine.runtime.startContainer;
    engine.runtime.startContainer = async (plan) => {
      const started = await start(plan);
      return {
        ...started,
        connection: { ...started.connection, killAll: () => process().loseKeeper({ processLives: true }) },
      };
    };
    const { id, process, state } = await createdAndStarted(engine);
    await engine.control.remove(id, { force: true, volumes: false });
    expect(state()).toBeUndefined();
  });
});

describe('an update that an end of the service interrupted', () => {
  const limits = (started: Awaited<ReturnType<typeof createdAndStarted>>) => {
    const { pendingLimits, config } = engine.stores.containers.get(started.id)!;
    return [pendingLimits, config.resources.memoryBytes, config.resources.pidsLimit];
  };

  test('is finished, in the kernel and in the row, before another one', async () => {
    mendDisk = () => {};
    const started = await createdAndStarted(engine);
    const { state: _, ...spec } = engine.stores.containers.get(started.id)!;
    const pendingLimits = { ...NO_LIMITS, memoryBytes: 2 ** 24 };
    engine.stores.containers.redefine({ ...spec, pendingLimits }, []);
    engine.runtime.calls.length = 0;
    const next = engine.restart();
    next.recovery.resume();
    await next.changer.update(started.id, { resources: { ...NO_LIMITS, pidsLimit: 9 } });
    expect(limits(started)).toEqual([null, 2 ** 24, 9]);
    const written = engine.runtime.calls.filter((call) => call.startsWith('limit'));
    expect(written).toEqual([expect.stringContaining('=16777216'), expect.stringContaining('=9')]);
    expect(engine.verbs().slice(-2)).toEqual(['update', 'update']);
  });

  test('that the kernel refuses now is forgotten', async () => {
    mendDisk = () => {};
    const started = await createdAndStarted(engine);
    const { state: _, ...spec } = engine.stores.containers.get(started.id)!;
    engine.stores.containers.redefine({ ...spec, pendingLimits: { ...NO_LIMITS, memoryBytes: 2 ** 24 } }, []);
    engine.runtime.updateLimits = () => Promise.reject(new BerthError('LIMIT_REFUSED', 'refused'));
    engine.restart().recovery.resume();
    await settle();
    expect(limits(started)).toEqual([null, 0, null]);
    expect(engine.verbs()).not.toContain('update');
  });
});

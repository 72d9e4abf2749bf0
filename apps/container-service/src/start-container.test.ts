import { BerthError } from '@berth/errors';
import { describe, expect, test } from '@jest/globals';
import {
  aConfig,
  createdAndStarted,
  createMemoryEngine,
  DETACHED,
  settle,
  type MemoryEngine,
} from './adapters/memory-engine.ts';
import type { MemoryProcess } from './adapters/memory-runtime.ts';
import type { ContainerStatus } from './container.ts';

const FULL = 'no space left on device';

/** Makes the next change of a container's status fail as it does on a full disk. */
function failOnce(engine: MemoryEngine, from: ContainerStatus, to: ContainerStatus): void {
  const { containers } = engine.stores;
  const { replace } = containers;
  let failed = false;
  containers.replace = (before, after, events) => {
    if (before.state.status !== from || after.state.status !== to || failed) return replace(before, after, events);
    failed = true;
    throw new Error(FULL);
  };
}

describe('a full disk', () => {
  test('that keeps a start from being recorded ends the process, and the container can start again', async () => {
    const engine = createMemoryEngine();
    const { container } = await engine.creator.create({ name: 'web', config: aConfig() });
    const { startContainer } = engine.runtime;
    const processes: MemoryProcess[] = [];
    engine.runtime.startContainer = async (plan) => {
      const started = await startContainer(plan);
      processes.push(engine.runtime.process(plan.stateDir));
      return started;
    };
    failOnce(engine, 'starting', 'running');
    await expect(engine.control.start('web', DETACHED)).rejects.toThrow(FULL);
    expect(processes.map(({ signals }) => signals)).toEqual([['kill-all']]);
    expect(engine.files.hasRuntime(container.id)).toBe(false);
    await expect(engine.control.start('web', DETACHED)).resolves.not.toBeNull();
  });

  test('that keeps a failed start from being recorded only delays it', async () => {
    const engine = createMemoryEngine();
    await engine.creator.create({ name: 'web', config: aConfig() });
    failOnce(engine, 'starting', 'created');
    engine.runtime.failure = new BerthError('START_FAILED', 'mount');
    await expect(engine.control.start('web', DETACHED)).rejects.toThrow('mount');
    engine.runtime.failure = null;
    await expect(engine.control.start('web', DETACHED)).rejects.toThrow('mount');
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await expect(engine.control.start('web', DETACHED)).resolves.not.toBeNull();
  });

  test('that keeps an address from being given back only delays the next start', async () => {
    const engine = createMemoryEngine();
    const { process } = await createdAndStarted(engine);
    failOnce(engine, 'exited', 'exited');
    process().exit(0);
    await settle();
    expect(engine.troubles).toEqual(['address not given back']);
    await expect(engine.control.start('web', DETACHED)).resolves.not.toBeNull();
  });
});

test('a start that could not be cleaned up is, before the next', async () => {
  const engine = createMemoryEngine();
  const { container } = await engine.creator.create({ name: 'web', config: aConfig() });
  const { cleanUp } = engine.runtime;
  engine.runtime.cleanUp = () => Promise.reject(new Error('the helper is down'));
  engine.runtime.failure = new BerthError('SERVICE_UNAVAILABLE', 'the helper is down');
  await expect(engine.control.start('web', DETACHED)).rejects.toThrow('the helper is down');
  expect(engine.files.hasRuntime(container.id)).toBe(true);
  engine.runtime.cleanUp = cleanUp;
  engine.runtime.failure = null;
  await engine.control.start('web', DETACHED);
  expect(engine.runtime.calls).toContain(`clean up /run/${container.id}`);
});

import { describe, expect, test } from '@jest/globals';
import { aConfig, createdAndStarted, createMemoryEngine, settle, type MemoryEngine } from './adapters/memory-engine.ts';
import type { HealthCheck } from './container-config.ts';
import { afterCheck, NEW_HEALTH, nextCheckMs, timeoutMs } from './health.ts';
import { healthCommand, resolveHealthCheck } from './spec/health-check.ts';

const MS = 1e6;
const CHECK: HealthCheck = {
  test: ['CMD-SHELL', 'probe'],
  intervalNs: 20 * MS,
  timeoutNs: 0,
  startPeriodNs: 0,
  startIntervalNs: 0,
  retries: 2,
  onFailure: 'none',
};
const result = (exitCode: number, startMs = 0) => ({ startMs, endMs: startMs, exitCode, output: '' });

describe('the rules', () => {
  test('so many failures in a row as retries make it unhealthy, one success makes it healthy', () => {
    const once = afterCheck(CHECK, NEW_HEALTH, result(1), 0);
    expect(once).toMatchObject({ status: 'starting', failingStreak: 1 });
    const twice = afterCheck(CHECK, once, result(-1), 0);
    expect(twice).toMatchObject({ status: 'unhealthy', failingStreak: 2 });
    expect(afterCheck(CHECK, twice, result(0), 0)).toMatchObject({ status: 'healthy', failingStreak: 0 });
  });

  test('failures in the start period do not count until the first success', () => {
    const check = { ...CHECK, startPeriodNs: 1000 * MS, retries: 1 };
    const forgiven = afterCheck(check, NEW_HEALTH, result(1, 999), 0);
    expect(forgiven).toMatchObject({ status: 'starting', failingStreak: 0 });
    expect(afterCheck(check, forgiven, result(1, 1000), 0)).toMatchObject({ status: 'unhealthy' });
    const healthy = afterCheck(check, forgiven, result(0, 10), 0);
    expect(afterCheck(check, healthy, result(1, 20), 0)).toMatchObject({ status: 'unhealthy' });
  });

  test('five results are kept', () => {
    let health = NEW_HEALTH;
    for (let at = 0; at < 7; at++) health = afterCheck(CHECK, health, result(0, at), 0);
    expect(health.log.map(({ startMs }) => startMs)).toEqual([2, 3, 4, 5, 6]);
  });

  test('checks come more often in the start period until the first success', () => {
    const check = { ...CHECK, startPeriodNs: 1000 * MS, startIntervalNs: 5 * MS };
    expect(nextCheckMs(check, NEW_HEALTH, 10)).toBe(5);
    expect(nextCheckMs(check, NEW_HEALTH, 1000)).toBe(20);
    expect(nextCheckMs(check, { ...NEW_HEALTH, status: 'healthy' }, 10)).toBe(20);
    expect(nextCheckMs({ ...check, startIntervalNs: 0 }, NEW_HEALTH, 10)).toBe(5000);
    expect(nextCheckMs({ ...check, intervalNs: 0 }, NEW_HEALTH, 1000)).toBe(30_000);
  });

  test('an interval of months is waited for as long as a timer can', () => {
    const check = { ...CHECK, intervalNs: 2 ** 40 * MS, timeoutNs: 2 ** 40 * MS };
    expect([nextCheckMs(check, NEW_HEALTH, 0), timeoutMs(check)]).toEqual([2 ** 31 - 1, 2 ** 31 - 1]);
  });

  test('what the user leaves open is as the image says', () => {
    const image = { ...CHECK, test: ['CMD', 'image-probe'], retries: 7 };
    expect(resolveHealthCheck(null, null)).toBeNull();
    expect(resolveHealthCheck(null, image)).toMatchObject({ test: ['CMD', 'image-probe'], onFailure: 'none' });
    const user = { ...CHECK, test: [], intervalNs: 1, retries: 0, onFailure: 'kill' as const };
    expect(resolveHealthCheck(user, image)).toMatchObject({ ...image, intervalNs: 1, onFailure: 'kill' });
    expect(resolveHealthCheck({ ...CHECK, test: ['NONE'] }, image)).toBeNull();
    expect(resolveHealthCheck({ ...user, test: [] }, null)).toBeNull();
  });

  test('a line is run by the image’s shell', () => {
    expect(healthCommand(CHECK, [])).toEqual(['/bin/sh', '-c', 'probe']);
    expect(healthCommand(CHECK, ['/bin/ash', '-ec'])).toEqual(['/bin/ash', '-ec', 'probe']);
    expect(healthCommand({ ...CHECK, test: ['CMD', 'probe', '-x'] }, [])).toEqual(['probe', '-x']);
  });

  test.each([
    [{ test: ['HTTP', '/'] }, 'unknown type "HTTP" in Healthcheck'],
    [{ intervalNs: 10 }, 'Interval in Healthcheck cannot be less than 1ms'],
  ])('refuses %j', async (fields, message) => {
    const engine = createMemoryEngine();
    const config = aConfig({ healthCheck: { ...CHECK, ...fields } });
    await expect(engine.creator.create({ name: '', config })).rejects.toThrow(message);
  });
});

describe('a container with a check', () => {
  /** Waits for the next check and lets its process end so. */
  async function answer(engine: MemoryEngine, exitCode: number | null): Promise<void> {
    for (let turn = 0; engine.stores.execs.list().length === 0; turn++) {
      if (turn > 500) throw new Error('no check came');
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const [exec] = engine.stores.execs.list();
    const process = engine.runtime.process(engine.files.execDir(exec?.containerId ?? '', exec?.id ?? ''));
    process.print('so it is');
    if (exitCode !== null) process.exit(exitCode);
    await settle();
  }

  const health = (engine: MemoryEngine) => engine.stores.containers.list()[0]?.state.health;

  test('tells how it is, with what the checks said', async () => {
    const engine = createMemoryEngine();
    const { id } = await createdAndStarted(engine, { healthCheck: CHECK });
    expect(health(engine)).toMatchObject({ status: 'starting' });
    await answer(engine, 0);
    expect(health(engine)).toMatchObject({ status: 'healthy', log: [{ exitCode: 0, output: 'so it is' }] });
    await answer(engine, 1);
    await answer(engine, 1);
    expect(health(engine)).toMatchObject({ status: 'unhealthy', failingStreak: 2 });
    expect(engine.verbs().filter((verb) => verb.startsWith('health'))).toEqual([
      'health_status: healthy',
      'health_status: unhealthy',
    ]);
    await engine.control.kill(id, '');
  });

  test('kills a check that takes too long', async () => {
    const engine = createMemoryEngine();
    const { id } = await createdAndStarted(engine, { healthCheck: { ...CHECK, timeoutNs: 10 * MS } });
    await answer(engine, null);
    await new Promise((resolve) => setTimeout(resolve, 30));
    await settle();
    expect(health(engine)?.log[0]).toMatchObject({ exitCode: -1, output: 'Health check exceeded timeout (10ms)' });
    await engine.control.kill(id, '');
  });

  test('is not checked while it is paused, nor after its end; a new service goes on', async () => {
    const engine = createMemoryEngine();
    const { id, process } = await createdAndStarted(engine, { healthCheck: CHECK });
    await engine.freezer.pause(id);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(engine.stores.execs.list()).toEqual([]);
    await engine.freezer.unpause(id);
    const next = engine.restart();
    next.recovery.resume();
    await answer(next, 0);
    expect(health(next)).toMatchObject({ status: 'healthy' });
    process().exit(0);
    await settle();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(next.stores.execs.list()).toEqual([]);
    expect(next.troubles).toEqual([]);
  });

  test.each([
    ['none', 'running'],
    ['kill', 'restarting'],
    ['stop', 'exited'],
    ['restart', 'running'],
  ] as const)('that becomes unhealthy is left to the action: %s, then %s', async (onFailure, status) => {
    const engine = createMemoryEngine();
    const { id, process, state } = await createdAndStarted(engine, {
      healthCheck: { ...CHECK, retries: 1, onFailure },
      stopTimeoutSeconds: 0,
      restartPolicy: { name: 'always', maximumRetryCount: 0 },
    });
    const { pid } = process();
    await answer(engine, 1);
    // A stop may take its timeout of 0 s.
    await new Promise((resolve) => setTimeout(resolve, 15));
    await settle();
    expect(state()).toMatchObject({ status });
    if (onFailure === 'restart') {
      expect(process().pid).not.toBe(pid);
      expect(state()?.health).toMatchObject({ status: 'starting' });
    }
    await engine.control.stop(id, { timeoutSeconds: 0, signal: '' });
  });
});

import { BerthError } from '@berth/errors';
import { expect, test } from '@jest/globals';
import { createdAndStarted, createMemoryEngine, settle, type MemoryEngine } from './adapters/memory-engine.ts';
import type { ContainerPlan } from './plan/plan.ts';

const bind = (first: number, last = first) => ({
  portBindings: [{ containerPort: '80/tcp', hostAddress: '', firstHostPort: first, lastHostPort: last }],
});

/** Makes starts fail, in turn, with these errors. */
function failWith(engine: MemoryEngine, ...errors: BerthError[]): ContainerPlan[] {
  const { startContainer } = engine.runtime;
  const plans: ContainerPlan[] = [];
  engine.runtime.startContainer = (plan) => {
    plans.push(plan);
    const error = errors.shift();
    return error === undefined ? startContainer(plan) : Promise.reject(error);
  };
  return plans;
}

const ensures = (engine: MemoryEngine) => engine.runtime.calls.filter((call) => call.startsWith('ensure'));

test('a port of a range that another program has is left for the next one', async () => {
  const engine = createMemoryEngine();
  const plans = failWith(engine, new BerthError('PORT_IN_USE', '0.0.0.0:8000/tcp'));
  const { state } = await createdAndStarted(engine, bind(8000, 8001));
  expect(plans.map(({ publication }) => publication?.ports[0]?.hostPort)).toEqual([8000, 8001]);
  expect(state()?.publishedPorts).toEqual([{ containerPort: '80/tcp', hostAddress: '0.0.0.0', hostPort: 8001 }]);
});

test('a fixed port that another program has fails the start, and is free again', async () => {
  const engine = createMemoryEngine();
  failWith(engine, new BerthError('PORT_IN_USE', '0.0.0.0:80/tcp'));
  const text = /external connectivity on endpoint web \(.*\): Bind for 0.0.0.0:80 failed: port is already allocated$/;
  await expect(createdAndStarted(engine, bind(80))).rejects.toThrow(text);
  expect(engine.stores.containers.list()[0]?.state).toMatchObject({
    status: 'created',
    exitCode: 128,
    publishedPorts: [],
  });
  await expect(createdAndStarted(engine, bind(80), 'other')).resolves.toBeDefined();
});

test('a start waits for the port of a container that has ended', async () => {
  const engine = createMemoryEngine();
  const { process } = await createdAndStarted(engine, bind(80));
  let release = (_released: boolean): void => {};
  engine.runtime.isReleased = () => new Promise((resolve) => (release = resolve));
  process().exit(0);
  await settle();
  const second = createdAndStarted(engine, bind(80), 'other');
  await settle();
  release(true);
  await expect(second).resolves.toBeDefined();
});

test('a start that finds the table missing has all made anew, with what others publish', async () => {
  const engine = createMemoryEngine();
  await createdAndStarted(engine, bind(80));
  failWith(engine, new BerthError('NETWORK_MISSING', 'no table'));
  await createdAndStarted(engine, bind(81), 'other');
  expect(ensures(engine).at(-1)).toMatch(/ 80 81$/);
});

test('after a crash of the service all is published anew, and nothing of what has ended meanwhile', async () => {
  const engine = createMemoryEngine();
  await createdAndStarted(engine, bind(80));
  const { process } = await createdAndStarted(engine, bind(81), 'other');
  const next = engine.restart();
  process().exit(0);
  next.recovery.resume();
  await next.warmUp();
  await settle();
  expect(ensures(next).at(-1)).toMatch(/ 80 81$/);
  // The list was older than the end.
  expect(next.runtime.calls.filter((call) => call.startsWith('clean up'))).toEqual([expect.stringMatching(/ 81$/)]);
  await expect(createdAndStarted(next, bind(81), 'third')).resolves.toBeDefined();
});

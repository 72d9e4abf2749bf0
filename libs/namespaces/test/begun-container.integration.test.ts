import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Request, type Rootfs, type StartContainer } from '@berth/proto/native';
import { existsSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { encodeFrame, FRAME } from '../src/frame.ts';
import { isKeeperAlive } from '../src/index.ts';
import { eventually, finish, startTestEngine, type TestContainer, type TestEngine } from './test-engine.ts';
import { planProcess } from './test-plan.ts';

let engine: TestEngine;
beforeAll(async () => {
  // A root that follows is not for a user namespace.
  engine = await startTestEngine({ userNamespaces: false });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

function rootOf({ rootfs }: StartContainer): Rootfs {
  if (rootfs === undefined) throw new Error('the plan has no root');
  return rootfs;
}

function keeperOf({ places }: TestContainer): Promise<void> {
  return eventually(() => isKeeperAlive(places.stateDir), 'there is a keeper');
}

async function expectNothingOf({ places }: TestContainer): Promise<void> {
  await eventually(() => readdirSync(places.stateDir).length === 0, 'its files are gone');
  await eventually(() => !existsSync(places.unifiedDir), 'its control group is gone');
}

test('a container that has begun gets its root later, and runs', async () => {
  const container = engine.create();
  const plan = container.plan(['sh', '-c', 'read x; echo got $x > file; cat file; exit 4'], { openStdin: true });
  const begun = await engine.spawner.beginContainer(plan);
  await keeperOf(container);
  const running = await begun.finish(rootOf(plan));
  await running.write(Buffer.from('it\n'));
  expect(await finish(running)).toMatchObject({ stdout: 'got it\n', exit: { exitCode: 4 } });
  expect(existsSync(`${container.places.upperDir}/file`)).toBe(true);
});

test('one that is given up leaves nothing behind', async () => {
  const container = engine.create();
  const begun = await engine.spawner.beginContainer(container.plan(['true']));
  await begun.abandon();
  await expectNothingOf(container);
});

test('one whose client dies before it has a root leaves nothing behind', async () => {
  const container = engine.create();
  const value = { ...container.plan(['true']), rootfs: undefined, rootfsFollows: true };
  const client = connect(engine.socketPath);
  client.write(encodeFrame(FRAME.request, Request.encode({ request: { $case: 'startContainer', value } }).finish()));
  await keeperOf(container);
  client.destroy();
  await expectNothingOf(container);
});

test('what failed before it had a root, and what fails with it, is told as in any start', async () => {
  const [early, late] = [engine.create(), engine.create()];
  const plans = [early.plan(['true'], { process: planProcess([]) }), late.plan(['/absent'])] as const;
  const [first, second] = await Promise.all(plans.map((plan) => engine.spawner.beginContainer(plan)));
  await expect(first?.finish(rootOf(plans[0]))).rejects.toMatchObject({ reason: 'START_FAILED' });
  await expect(second?.finish(rootOf(plans[1]))).rejects.toMatchObject({ reason: 'COMMAND_NOT_FOUND' });
  await expectNothingOf(early);
  await expectNothingOf(late);
});

test('a root that is none is refused', async () => {
  const container = engine.create();
  const plan = container.plan(['true']);
  const begun = await engine.spawner.beginContainer(plan);
  await expect(begun.finish({ ...rootOf(plan), lowerDirs: ['../secret'] })).rejects.toMatchObject({
    reason: 'START_FAILED',
    message: expect.stringContaining('lower_dirs'),
  });
  await expectNothingOf(container);
});

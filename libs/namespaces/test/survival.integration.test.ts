import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attachKeeper, isKeeperAlive, isProcessAlive, readRecord } from '../src/index.ts';
import { eventually, finish, startTestEngine, type TestEngine } from './test-engine.ts';
import { planCgroup } from './test-plan.ts';

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

describe('when the spawner is killed', () => {
  test('a container goes on, its output and exit code come, and a new spawner serves', async () => {
    const container = engine.create();
    const plan = container.plan(['sh', '-c', 'read x; echo got $x; exit 6'], { openStdin: true });
    const running = await engine.spawner.startContainer(plan);
    await engine.restartSpawner();
    await running.write(Buffer.from('it\n'));
    expect(await finish(running)).toMatchObject({ stdout: 'got it\n', exit: { exitCode: 6 } });
    expect(await engine.run(['echo', 'again'])).toMatchObject({ stdout: 'again\n' });
  });

  test('its waiting forks go with it', async () => {
    const { pid } = await engine.spawner.ping();
    await engine.restartSpawner();
    const after = await engine.spawner.ping();
    expect(after.pid).not.toBe(pid);
  });
});

describe('when every client is gone', () => {
  test('a container goes on, and its exit code waits on disk', async () => {
    const container = engine.create();
    const running = await engine.spawner.startContainer(container.plan(['sh', '-c', 'sleep 0.1; exit 8']));
    running.close();
    expect(await running.exited).toBeNull();
    expect(isKeeperAlive(container.places.stateDir)).toBe(true);
    await eventually(() => readRecord(container.places.stateDir)?.phase === 'exited', 'the exit is recorded');
    expect(readRecord(container.places.stateDir)?.exit).toMatchObject({ exitCode: 8 });
    await eventually(() => !isKeeperAlive(container.places.stateDir), 'the keeper ends');
  });

  test('another can attach, with the output from then on', async () => {
    const container = engine.create();
    const plan = container.plan(['sh', '-c', 'echo early; while read x; do echo got $x; done; exit 2'], {
      openStdin: true,
    });
    const first = await engine.spawner.startContainer(plan);
    await first.output[Symbol.asyncIterator]().next();
    first.close();
    const second = await attachKeeper(container.places.stateDir, { output: true });
    expect(second.started.pid).toBe(first.started.pid);
    await second.write(Buffer.from('this\n'));
    await second.output[Symbol.asyncIterator]().next();
    await second.signal(0, { all: true });
    expect(await second.exited).toMatchObject({ exitCode: 137 });
  });

  test('a client that only waits gets the exit and no output', async () => {
    const container = engine.create();
    const plan = container.plan(['sh', '-c', 'read x; echo output; exit 3'], { openStdin: true });
    const running = await engine.spawner.startContainer(plan);
    const waiting = await attachKeeper(container.places.stateDir, { output: false });
    await running.write(Buffer.from('\n'));
    expect(await finish(waiting)).toMatchObject({ stdout: '', exit: { exitCode: 3 } });
  });
});

test('an exit is recorded on a full disk', async () => {
  const container = engine.create();
  const { stateDir } = container.places;
  mkdirSync(stateDir, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=700', 'berth-test', stateDir]);
  try {
    const running = await engine.spawner.startContainer(
      container.plan(['sh', '-c', 'read x; exit 9'], { openStdin: true }),
    );
    expect(() => writeFileSync(join(stateDir, 'filler'), Buffer.alloc(1 << 20))).toThrow('ENOSPC');
    await running.write(Buffer.from('\n'));
    expect(await running.exited).toMatchObject({ exitCode: 9 });
    expect(readRecord(stateDir)).toMatchObject({ phase: 'exited', exit: { exitCode: 9, signal: 0 } });
  } finally {
    execFileSync('umount', ['-l', stateDir]);
  }
});

test('a keeper has CAP_KILL and its few system calls only, once its process runs', async () => {
  const container = engine.create();
  const running = await engine.spawner.startContainer(container.plan(['cat'], { openStdin: true }));
  const exec = await engine.spawner.startExec(container.planExec(['cat'], { openStdin: true }));
  const rights = (pid: number) => readFileSync(`/proc/${pid}/status`, 'utf8');
  for (const { started } of [running, exec]) {
    // The answer comes first, the clean-up of what is not needed any more after it.
    await eventually(() => /^Seccomp:\t2$/m.test(rights(started.keeperPid)), 'the keeper is confined');
    expect(rights(started.keeperPid)).toMatch(/^CapEff:\t0000000000000020$/m);
  }
  await running.signal(9);
  await finish(exec);
  await finish(running);
});

describe('when the keeper is killed', () => {
  test('that is seen, the process lives and can be cleaned up', async () => {
    const container = engine.create();
    const { stateDir, unifiedDir } = container.places;
    const running = await engine.spawner.startContainer(container.plan(['sleep', '1000']));
    const cgroup = planCgroup(unifiedDir);
    const request = { stateDir, hostInterface: '', cgroup, publication: undefined };
    await expect(engine.spawner.cleanUpContainer(request)).rejects.toMatchObject({ reason: 'START_FAILED' });
    process.kill(running.started.keeperPid, 'SIGKILL');
    expect(await running.exited).toBeNull();
    await eventually(() => !isKeeperAlive(stateDir), 'the keeper is gone');
    const identity = readRecord(stateDir)?.process ?? { pid: 0, startTicks: 0n };
    expect(isProcessAlive(identity)).toBe(true);
    await expect(attachKeeper(stateDir, { output: false })).rejects.toMatchObject({ reason: 'SERVICE_UNAVAILABLE' });
    await engine.spawner.cleanUpContainer(request);
    expect(isProcessAlive(identity)).toBe(false);
    await engine.spawner.cleanUpContainer(request);
  });
});

test('a spawner that is away is told so', async () => {
  const { connectSpawner } = await import('../src/index.ts');
  const away = connectSpawner(`${engine.directory}/nobody.sock`);
  await expect(away.ping()).rejects.toMatchObject({ reason: 'SERVICE_UNAVAILABLE' });
});

describe('a container that has just ended', () => {
  test('can be started again at once, under its own name', async () => {
    const container = engine.create();
    for (let round = 0; round < 10; round++) {
      const running = await engine.spawner.startContainer(container.plan(['sh', '-c', `exit ${round}`]));
      expect(await running.exited).toMatchObject({ exitCode: round });
    }
  });

  test('can be cleaned up at once', async () => {
    for (let round = 0; round < 5; round++) {
      const { places, plan } = engine.create();
      const running = await engine.spawner.startContainer(plan(['true']));
      await running.exited;
      const cgroup = planCgroup(places.unifiedDir);
      await engine.spawner.cleanUpContainer({
        stateDir: places.stateDir,
        hostInterface: '',
        cgroup,
        publication: undefined,
      });
    }
  });
});

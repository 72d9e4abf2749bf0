import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attachKeeper, readRecord, type RunningProcess } from '../src/index.ts';
import { finish, startTestEngine, type TestContainer, type TestEngine } from './test-engine.ts';
import { planProcess } from './test-plan.ts';

let engine: TestEngine;
let container: TestContainer;
let init: RunningProcess;
beforeAll(async () => {
  engine = await startTestEngine();
  container = engine.create();
  init = await engine.spawner.startContainer({ ...container.plan(['sleep', '1000']), detached: true });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

const exec = async (args: string[]) => finish(await engine.spawner.startExec(container.planExec(args)));

describe('an exec', () => {
  test('runs in the container, beside its first process', async () => {
    const { stdout, exit } = await exec(['sh', '-c', 'hostname; cat /proc/1/cmdline | tr "\\0" " "; exit 5']);
    expect(stdout).toContain('test\n');
    expect(exit).toMatchObject({ exitCode: 5 });
  });

  test('is in every namespace and in the cgroup of the container', async () => {
    const links = ['mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup'].map(
      (name) => `/proc/self/ns/${name} /proc/1/ns/${name}`,
    );
    const { stdout } = await exec([
      'sh',
      '-c',
      `for pair in ${links.join(' ')}; do readlink $pair; done; cat /proc/self/cgroup`,
    ]);
    const lines = stdout.trimEnd().split('\n');
    const namespaces = lines.slice(0, 12);
    expect(namespaces.length).toBe(12);
    for (let at = 0; at < 12; at += 2) expect(namespaces[at]).toBe(namespaces[at + 1]);
    expect(lines).toContain('0::/');
  });

  test('has only its own streams, and no capability to inherit', async () => {
    const { stdout } = await exec(['sh', '-c', 'ls /proc/self/fd; cat /proc/self/status']);
    expect(stdout).toMatch(/^0\n1\n2\n3\n/);
    expect(stdout).toMatch(/CapInh:\t0{16}\nCapPrm:\t00000000a80425fb/);
  });

  test('has the out-of-memory score of the container', async () => {
    const other = engine.create();
    const processFiles = [{ path: 'oom_score_adj', value: '321' }];
    const running = await engine.spawner.startContainer(other.plan(['sleep', '1000'], { processFiles }));
    const run = async (args: string[]) => finish(await engine.spawner.startExec(other.planExec(args)));
    expect(await run(['cat', '/proc/self/oom_score_adj'])).toMatchObject({ stdout: '321\n' });
    await running.signal(9);
    await running.exited;
  });

  test('has a user, a directory and an environment of its own', async () => {
    const process = planProcess(['sh', '-c', 'id -u; pwd; echo $X'], {
      userId: 33,
      workingDirectory: '/bin',
      environment: ['PATH=/bin', 'X=y'],
    });
    const { stdout } = await finish(await engine.spawner.startExec({ ...container.planExec([]), process }));
    expect(stdout).toBe('33\n/bin\ny\n');
  });

  test('has a terminal when asked for, beside others', async () => {
    const process = planProcess(['sh', '-c', 'stty size; readlink /proc/self/fd/0'], {
      terminal: true,
      terminalSize: { rows: 10, columns: 20 },
    });
    const plans = [container.planExec([], { process }), container.planExec([], { process })];
    const results = await Promise.all(plans.map(async (plan) => finish(await engine.spawner.startExec(plan))));
    for (const { stdout } of results) expect(stdout).toMatch(/^10 20\r\n\/dev\/pts\/\d+\r\n$/);
  });

  test('takes stdin to its end', async () => {
    const running = await engine.spawner.startExec(container.planExec(['cat'], { openStdin: true }));
    await running.write(Buffer.from('through'));
    await running.endInput();
    expect(await finish(running)).toMatchObject({ stdout: 'through', exit: { exitCode: 0 } });
  });

  test('of a missing command fails, leaves nothing, and the container goes on', async () => {
    const plan = container.planExec(['nope']);
    await expect(engine.spawner.startExec(plan)).rejects.toMatchObject({ reason: 'COMMAND_NOT_FOUND' });
    expect(readRecord(plan.stateDir)).toBeNull();
    expect(await exec(['true'])).toMatchObject({ exit: { exitCode: 0 } });
  });

  test('tells the same exit to a client that attaches later', async () => {
    const plan = container.planExec(['sh', '-c', 'read x; exit 4'], { openStdin: true });
    const running = await engine.spawner.startExec(plan);
    const later = await attachKeeper(plan.stateDir, { output: false });
    await running.write(Buffer.from('\n'));
    expect(await later.exited).toMatchObject({ exitCode: 4 });
    expect(await running.exited).toMatchObject({ exitCode: 4 });
  });

  test('is refused in a container that has ended, and in one that never was', async () => {
    const ended = engine.create();
    const running = await engine.spawner.startContainer(ended.plan(['true']));
    await running.exited;
    await expect(engine.spawner.startExec(ended.planExec(['true']))).rejects.toMatchObject({
      reason: 'CONTAINER_NOT_RUNNING',
    });
    const never = engine.create();
    await expect(engine.spawner.startExec(never.planExec(['true']))).rejects.toMatchObject({
      reason: 'CONTAINER_NOT_RUNNING',
    });
  });

  test('never enters another process that has the pid of a dead container', async () => {
    const forged = engine.create();
    const record = readFileSync(join(container.places.stateDir, 'record'));
    // The pid is alive, but it is this test's; the start time is not.
    record.writeUInt32LE(process.pid, 60);
    writeFileSync(join(forged.places.stateDir, 'record'), record, { mode: 0o600 });
    await expect(engine.spawner.startExec(forged.planExec(['true']))).rejects.toMatchObject({
      reason: 'CONTAINER_NOT_RUNNING',
    });
    writeFileSync(join(forged.places.stateDir, 'record'), Buffer.alloc(256));
  });

  test('dies with the container, and says so', async () => {
    const other = engine.create();
    const first = await engine.spawner.startContainer(other.plan(['sleep', '1000']));
    const second = await engine.spawner.startExec(other.planExec(['sleep', '1000']));
    await first.signal(0, { all: true });
    expect(await first.exited).toMatchObject({ exitCode: 137 });
    expect(await second.exited).toMatchObject({ exitCode: 137 });
  });

  test('did not disturb the first process', () => {
    expect(readRecord(container.places.stateDir)).toMatchObject({
      phase: 'running',
      process: { pid: init.started.pid },
    });
  });
});

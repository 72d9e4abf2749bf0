import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRecord } from '../src/index.ts';
import { eventually, finish, startTestEngine, type TestEngine } from './test-engine.ts';
import { planProcess } from './test-plan.ts';

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

describe('a container', () => {
  test('runs a command and tells its exit code', async () => {
    expect(await engine.run(['true'])).toMatchObject({
      exit: { exitCode: 0, signal: 0, oomKilled: false },
      stdout: '',
    });
    expect(await engine.run(['sh', '-c', 'exit 42'])).toMatchObject({ exit: { exitCode: 42, signal: 0 } });
  });

  test('tells the signal that ended it', async () => {
    const container = engine.create();
    const running = await engine.spawner.startContainer(container.plan(['sleep', '1000']));
    await running.signal(9);
    expect(await running.exited).toMatchObject({ exitCode: 137, signal: 9 });
  });

  test('keeps its output streams apart and in the log', async () => {
    const container = engine.create();
    const plan = container.plan(['sh', '-c', 'echo one; echo two >&2; printf three']);
    const result = await finish(await engine.spawner.startContainer(plan));
    expect(result).toMatchObject({ stdout: 'one\nthree', stderr: 'two\n' });
    const log = readFileSync(container.places.logPath, 'utf8');
    const records = log.replaceAll(/^\S+ /gm, '').trimEnd().split('\n').sort();
    expect(records).toEqual(['stderr F two', 'stdout F one', 'stdout P three']);
    expect(log).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z std/);
  });

  test('gets a megabyte on stdin and gives it back on both streams, whole', async () => {
    const container = engine.create();
    const script = 'cat > /all; cat /all >&2; cat /all';
    const plan = container.plan(['sh', '-c', script], { openStdin: true, stdinOnce: true });
    const running = await engine.spawner.startContainer(plan);
    const text = Array.from({ length: 131072 }, (_, index) => String(index).padStart(7) + '\n').join('');
    const [result] = await Promise.all([
      finish(running),
      running.write(Buffer.from(text)).then(() => running.endInput()),
    ]);
    expect(result.stdout === text).toBe(true);
    expect(result.stderr === text).toBe(true);
  });

  test('has a stdin at its end when none was asked for', async () => {
    expect(await engine.run(['cat'])).toMatchObject({ exit: { exitCode: 0 }, stdout: '' });
  });

  test('has its record on disk while it runs and after', async () => {
    const container = engine.create();
    const running = await engine.spawner.startContainer(container.plan(['sh', '-c', 'exit 3']));
    const before = readRecord(container.places.stateDir);
    expect(before?.process?.pid).toBe(running.started.pid);
    expect(before?.keeper.pid).toBe(running.started.keeperPid);
    await running.exited;
    expect(readRecord(container.places.stateDir)).toMatchObject({ phase: 'exited', exit: { exitCode: 3, signal: 0 } });
  });

  test('tells what each step of its start took', async () => {
    const running = await engine.spawner.startContainer(engine.create().plan(['true']));
    const steps = running.started.timings.map(({ step }) => step);
    expect(steps).toEqual(expect.arrayContaining(['clone', 'overlay', 'mounts', 'pivot', 'record']));
    await running.exited;
  });

  test('leaves no cgroup when it has ended', async () => {
    const container = engine.create();
    const running = await engine.spawner.startContainer(container.plan(['true']));
    await running.exited;
    await eventually(() => !existsSync(container.places.unifiedDir), 'the cgroup goes');
  });

  test('runs as the user, groups and directory of its plan', async () => {
    const container = engine.create();
    const process = planProcess(['sh', '-c', 'id -u; id -g; id -G; pwd; umask; echo $HOME; stat -c %u /made'], {
      userId: 1000,
      groupId: 1001,
      additionalGroupIds: [1001, 7],
      workingDirectory: '/made',
      umask: 0o027,
    });
    const plan = { ...container.plan([]), process };
    const { stdout } = await finish(await engine.spawner.startContainer(plan));
    expect(stdout.split('\n').slice(0, 6)).toEqual(['1000', '1001', '1001 7', '/made', '0027', '/root']);
  });

  test('has a name, a pid 1 and only its own streams', async () => {
    const { stdout } = await engine.run(['sh', '-c', 'hostname; echo $$; ls /proc/self/fd']);
    // The fourth is what ls reads the directory with.
    expect(stdout.split('\n')).toEqual(['test', '1', '0', '1', '2', '3', '']);
  });

  test('has the capabilities of its plan and none to inherit', async () => {
    const { stdout } = await engine.run(['sh', '-c', 'cat /proc/self/status']);
    expect(stdout).toMatch(
      /CapInh:\t0{16}\nCapPrm:\t00000000a80425fb\nCapEff:\t00000000a80425fb\nCapBnd:\t00000000a80425fb\nCapAmb:\t0{16}\nNoNewPrivs:\t0/,
    );
  });

  test('loses its capabilities when it is not root', async () => {
    const process = planProcess(['cat', '/proc/self/status'], { userId: 5, groupId: 5, noNewPrivileges: true });
    const plan = { ...engine.create().plan([]), process };
    const { stdout } = await finish(await engine.spawner.startContainer(plan));
    expect(stdout).toMatch(/CapPrm:\t0{16}\nCapEff:\t0{16}\nCapBnd:\t00000000a80425fb\nCapAmb:\t0{16}\nNoNewPrivs:\t1/);
  });

  test('sees its mounts named after their file systems', async () => {
    const { stdout } = await engine.run(['cat', '/proc/self/mounts']);
    expect(stdout).not.toContain('none ');
    expect(stdout).toContain('overlay / overlay ');
    expect(stdout).toContain('proc /proc proc ');
  });

  test('cannot write to what is masked or read-only', async () => {
    const script = `
      for path in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /sys/kernel/uevent_helper; do
        (echo x > $path) 2>/dev/null && echo "wrote $path"
      done
      cat /proc/keys; ls /proc/acpi /sys/firmware | grep -v :`;
    expect(await engine.run(['sh', '-c', script])).toMatchObject({ stdout: '\n', stderr: '' });
  });

  test('has a root that is read-only when its plan says so', async () => {
    const container = engine.create();
    const plan = container.plan(['sh', '-c', 'echo x > /x || echo y > /dev/shm/y && cat /dev/shm/y']);
    const rootfs = plan.rootfs === undefined ? undefined : { ...plan.rootfs, readonly: true };
    const { stdout, stderr } = await finish(await engine.spawner.startContainer({ ...plan, rootfs }));
    expect(stdout).toBe('y\n');
    expect(stderr).toContain('Read-only file system');
  });

  test('has the limits of its plan', async () => {
    const process = planProcess(['sh', '-c', 'ulimit -n'], {
      resourceLimits: [{ resource: 7, soft: 100n, hard: 200n }],
    });
    const plan = { ...engine.create().plan([]), process };
    expect((await finish(await engine.spawner.startContainer(plan))).stdout).toBe('100\n');
  });

  test('starts beside others', async () => {
    const results = await Promise.all(Array.from({ length: 12 }, (_, index) => engine.run(['echo', String(index)])));
    expect(results.map(({ stdout }) => stdout.trim())).toEqual(results.map((_, index) => String(index)));
  });

  test('rotates its log', async () => {
    const container = engine.create();
    const log = { path: container.places.logPath, maxSizeBytes: 1000n, maxFiles: 3 };
    const script = 'i=0; while [ $i -lt 100 ]; do echo line $i; i=$((i+1)); done';
    await finish(await engine.spawner.startContainer(container.plan(['sh', '-c', script], { log })));
    const files = readdirSync(join(container.places.logPath, '..')).filter((name) => name.startsWith('log'));
    expect(files.sort()).toEqual(['log', 'log.1', 'log.2']);
    expect(readFileSync(log.path, 'utf8')).toContain('line 99');
  });
});

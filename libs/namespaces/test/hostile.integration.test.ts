import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { openFilesOf } from './open-files.ts';
import { finish, startTestEngine, type TestContainer, type TestEngine } from './test-engine.ts';
import { bind, filesystem, planProcess } from './test-plan.ts';

let engine: TestEngine;
let bait: string;
beforeAll(async () => {
  engine = await startTestEngine();
  bait = join(engine.directory, 'bait');
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

/** Makes a directory on the host that no container may touch. */
function setBait(): void {
  rmSync(bait, { recursive: true, force: true });
  mkdirSync(bait);
  writeFileSync(join(bait, 'null'), 'precious');
}

function expectBaitUntouched(): void {
  expect(readdirSync(bait)).toEqual(['null']);
  expect(readFileSync(join(bait, 'null'), 'utf8')).toBe('precious');
}

/** Replaces a path of the image. */
function plant(container: TestContainer, path: string, target: string): void {
  mkdirSync(join(container.image, path, '..'), { recursive: true });
  symlinkSync(target, join(container.image, path));
}

const start = async (container: TestContainer, args: string[]) =>
  finish(await engine.spawner.startContainer(container.plan(args)));

describe('an image whose directories are links to the host', () => {
  test.each([
    ['absolute', (path: string) => path],
    ['relative', (path: string) => `../../../../../../../../../..${path}`],
  ])('has its devices made inside, behind %s links', async (_, point) => {
    setBait();
    const container = engine.create();
    plant(container, '/dev', point(bait));
    const { stdout } = await start(container, ['sh', '-c', `ls ${bait}`]);
    expect(stdout).toContain('null\n');
    expectBaitUntouched();
  });

  test.each(['/proc', '/sys'])('is refused when %s is a link', async (path) => {
    setBait();
    const container = engine.create();
    plant(container, path, bait);
    await expect(start(container, ['true'])).rejects.toMatchObject({ reason: 'START_FAILED' });
    expectBaitUntouched();
  });

  test('has bind targets made inside', async () => {
    setBait();
    const container = engine.create();
    plant(container, '/etc', bait);
    const file = join(engine.directory, 'hosts');
    writeFileSync(file, 'content\n');
    const plan = container.plan(['cat', '/etc/hosts', `${bait}/hosts`]);
    const mounts = [...plan.mounts, bind(file, '/etc/hosts', { readonly: true })];
    const { stdout } = await finish(await engine.spawner.startContainer({ ...plan, mounts }));
    expect(stdout).toBe('content\ncontent\n');
    expectBaitUntouched();
  });

  test('has a console and masks made inside', async () => {
    setBait();
    const container = engine.create();
    plant(container, '/dev', bait);
    const process = planProcess(['sh', '-c', 'echo ok'], { terminal: true });
    const { stdout } = await finish(await engine.spawner.startContainer({ ...container.plan([]), process }));
    expect(stdout).toBe('ok\r\n');
    expectBaitUntouched();
  });

  test('has its working directory made inside', async () => {
    setBait();
    const container = engine.create();
    plant(container, '/work', bait);
    const process = planProcess(['sh', '-c', 'pwd -P; echo x > made'], { workingDirectory: '/work/deep/er' });
    const { stdout } = await finish(await engine.spawner.startContainer({ ...container.plan([]), process }));
    expect(stdout).toBe(`${bait}/deep/er\n`);
    expectBaitUntouched();
  });
});

describe("the host's /dev/null", () => {
  test('is no mask that root in the container can change', async () => {
    const { stdout } = await start(engine.create(), [
      'sh',
      '-c',
      'for path in /proc/kcore /proc/keys; do chmod 666 $path 2>/dev/null && echo "changed $path"; cat $path; done; echo ok',
    ]);
    expect(stdout).toBe('ok\n');
  });

  test.each([
    ['the one of the container', 'true', 'same'],
    ['an empty stream when that is another file', 'rm /dev/null; echo secret > /dev/null', 'other'],
  ])('is not stdin, which is %s', async (_, spoil, expected) => {
    const container = engine.create();
    const running = await engine.spawner.startContainer(container.plan(['sleep', '60']));
    const exec = async (script: string) =>
      (await finish(await engine.spawner.startExec(container.planExec(['sh', '-c', script])))).stdout;
    const identity = 'stat -L -c %d:%i';
    await exec(spoil);
    const stdin = `[ "$(${identity} /proc/self/fd/0)" = "$(${identity} /dev/null)" ] && echo same || echo other; cat`;
    expect(await exec(stdin)).toBe(`${expected}\n`);
    await running.signal(9);
    await finish(running);
  });
});

test('a file system in /proc is refused, as it would hide what guards the container', async () => {
  const plan = engine.create().plan(['true']);
  const mounts = [...plan.mounts, filesystem('/proc/bus', 'tmpfs', 0)];
  await expect(engine.spawner.startContainer({ ...plan, mounts })).rejects.toMatchObject({ reason: 'START_FAILED' });
});

describe('a working directory that is a descriptor of the helper', () => {
  test.each(Array.from({ length: 30 }, (_, fd) => `/proc/self/fd/${fd}`))('%s is refused', async (workingDirectory) => {
    const process = planProcess(['true'], { workingDirectory, createWorkingDirectory: false });
    await expect(engine.spawner.startContainer({ ...engine.create().plan([]), process })).rejects.toMatchObject({
      reason: 'START_FAILED',
    });
  });

  test('is refused behind a link of the image, and for an exec', async () => {
    const container = engine.create();
    for (const fd of [3, 7, 12]) plant(container, `/fd${fd}`, `/proc/self/fd/${fd}`);
    const running = await engine.spawner.startContainer(container.plan(['sleep', '1000']));
    for (const path of ['/fd3', '/fd7', '/fd12', '/proc/self/fd/3', '/proc/self/cwd']) {
      const process = planProcess(['true'], { workingDirectory: path, createWorkingDirectory: false });
      const plan = { ...container.planExec([]), process };
      await expect(engine.spawner.startExec(plan)).rejects.toMatchObject({ reason: 'START_FAILED' });
    }
    await running.signal(9);
  });
});

describe('the helper itself', () => {
  test('cannot be written to or read by what it starts', async () => {
    const container = engine.create();
    const script = '#!/proc/self/exe\n';
    writeFileSync(join(container.image, 'trap'), script, { mode: 0o755 });
    const program = join(import.meta.dirname, '../native/build/berth-ns');
    const before = readFileSync(program);
    await start(container, ['/trap']).catch(() => undefined);
    expect(readFileSync(program).equals(before)).toBe(true);
  });

  test('shows nothing of itself to the processes of a container', async () => {
    const container = engine.create();
    const script = `while :; do for pid in /proc/[0-9]*; do
        case $pid in /proc/1|/proc/$$|/proc/self) continue;; esac
        readlink $pid/exe $pid/fd/* $pid/cwd $pid/root; done; done 2>/dev/null`;
    const spy = await engine.spawner.startContainer(container.plan(['sh', '-c', script]));
    for (let i = 0; i < 20; i++) await finish(await engine.spawner.startExec(container.planExec(['true'])));
    await spy.signal(9);
    const { stdout } = await finish(spy);
    expect(stdout).not.toContain('memfd:berth-ns');
    expect(stdout).not.toContain(engine.directory);
    expect(stdout).not.toContain('ns:[');
  });
});

describe('a bind mount', () => {
  test('over what guards a container in /proc is refused', async () => {
    for (const target of ['/proc/self/attr', '/proc/sys/kernel', '/proc/1', '/way/self']) {
      const container = engine.create();
      plant(container, '/way', '/proc');
      const plan = container.plan(['true']);
      const mounts = [...plan.mounts, bind(engine.directory, target)];
      await expect(engine.spawner.startContainer({ ...plan, mounts })).rejects.toMatchObject({
        reason: 'START_FAILED',
      });
    }
  });

  test('whose target runs through a dangling link makes the target of the link', async () => {
    const container = engine.create();
    plant(container, '/var/run', '/run');
    const plan = container.plan(['ls', '/run/deep']);
    const mounts = [...plan.mounts, bind(join(engine.directory, 'layers/busybox'), '/var/run/deep')];
    const { stdout } = await finish(await engine.spawner.startContainer({ ...plan, mounts }));
    expect(stdout).toBe('bin\n');
    expect(existsSync('/run/deep')).toBe(false);
    expect(lstatSync(join(container.places.upperDir, 'run/deep')).isDirectory()).toBe(true);
  });

  test('whose target runs in circles is refused', async () => {
    const container = engine.create();
    plant(container, '/a', '/b');
    plant(container, '/b', '/a');
    const plan = container.plan(['true']);
    const mounts = [...plan.mounts, bind(engine.directory, '/a/x')];
    await expect(engine.spawner.startContainer({ ...plan, mounts })).rejects.toMatchObject({ reason: 'START_FAILED' });
  });
});

/** The serial number of the session keyring that a process in a container has. */
const KEYRING = join(import.meta.dirname, '../native/build/keyring');

test('containers and execs share a session keyring neither with one another nor with the helper', async () => {
  const start = async () => {
    const container = engine.create();
    copyFileSync(KEYRING, join(container.image, 'keyring'));
    const running = await engine.spawner.startContainer(
      container.plan(['sh', '-c', '/keyring; read x'], { openStdin: true }),
    );
    const exec = await finish(await engine.spawner.startExec(container.planExec(['/keyring'])));
    await running.write(Buffer.from('\n'));
    return [(await finish(running)).stdout, exec.stdout];
  };
  const own = execFileSync(KEYRING, { encoding: 'utf8' });
  const serials = [...(await start()), ...(await start())];
  expect(serials).toEqual(Array.from({ length: 4 }, () => expect.stringMatching(/^[1-9]\d*\n$/)));
  expect(new Set([own, ...serials]).size).toBe(5);
});

test('the helper and its keepers listen on no abstract socket, which a container in the network of the host would reach', async () => {
  const running = await engine.spawner.startContainer(engine.create().plan(['sleep', '1000']));
  const abstract = readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , , , , , path]) => path?.startsWith('@'))
    .map((fields) => `socket:[${fields[6]}]`);
  const { ppid } = readStatus(running.started.keeperPid);
  for (const pid of [running.started.keeperPid, ppid]) {
    const sockets = openFilesOf(pid);
    expect(sockets.length).toBeGreaterThan(2);
    expect(sockets.filter((socket) => abstract.includes(socket))).toEqual([]);
  }
  await running.signal(9);
  await finish(running);
});

function readStatus(pid: number): { ppid: number } {
  return { ppid: Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) };
}

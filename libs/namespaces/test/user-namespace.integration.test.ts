import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chownSync, lstatSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, finish, startTestEngine, type TestEngine } from './test-engine.ts';
import { bind, FIRST_ID, planProcess } from './test-plan.ts';

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine({ userNamespaces: true });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

const sh = (script: string) => ['sh', '-c', script];

describe('a container with a user namespace', () => {
  test('has ids of its own, of which the host sees others', async () => {
    const running = await engine.spawner.startContainer(
      engine.create().plan(sh('cat /proc/self/uid_map /proc/self/gid_map; id -u; read x'), { openStdin: true }),
    );
    const { pid } = running.started;
    expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(
      new RegExp(`^Uid:(\t${FIRST_ID}){4}\nGid:(\t${FIRST_ID}){4}$`, 'm'),
    );
    await running.write(Buffer.from('\n'));
    const lines = (await finish(running)).stdout.trim().split(/\s+/);
    expect(lines).toEqual(['0', String(FIRST_ID), '65536', '0', String(FIRST_ID), '65536', '0']);
  });

  test('has files with the ids that they have on the disk', async () => {
    const container = engine.create();
    mkdirSync(join(container.image, 'home'));
    for (const [name, id] of [
      ['kept', 1000],
      ['gone', 1000],
      ['moved', 65_535],
    ] as const) {
      writeFileSync(join(container.image, 'home', name), name);
      chownSync(join(container.image, 'home', name), id, id);
    }
    const script = `cd /home; stat -c %u:%g kept moved; rm gone; mv moved there; echo x >> kept
      echo new > new; chown 5:6 new; mkdir made; ls`;
    const { stdout, stderr } = await finish(await engine.spawner.startContainer(container.plan(sh(script))));
    expect({ stdout, stderr }).toEqual({ stdout: '1000:1000\n65535:65535\nkept\nmade\nnew\nthere\n', stderr: '' });
    const upper = (name: string) => lstatSync(join(container.places.upperDir, 'home', name));
    const owners = (name: string) => [upper(name).uid, upper(name).gid];
    expect([owners('kept'), owners('new'), owners('made'), owners('there')]).toEqual([
      [1000, 1000],
      [5, 6],
      [0, 0],
      [65_535, 65_535],
    ]);
    expect(upper('gone')).toMatchObject({ rdev: 0 });
    expect(upper('gone').isCharacterDevice()).toBe(true);
  });

  test('has bind mounts with the ids that they have on the disk, read-only when asked', async () => {
    const directory = join(engine.directory, 'shared');
    mkdirSync(directory);
    writeFileSync(join(directory, 'file'), 'x');
    chownSync(join(directory, 'file'), 1000, 1001);
    const container = engine.create();
    const plan = container.plan(sh('stat -c %u:%g /shared/file; echo y > /shared/made; echo z > /fixed/made'));
    const mounts = [...plan.mounts, bind(directory, '/shared'), bind(directory, '/fixed', { readonly: true })];
    const { stdout, stderr } = await finish(await engine.spawner.startContainer({ ...plan, mounts }));
    expect(stdout).toBe('1000:1001\n');
    expect(stderr).toContain('Read-only file system');
    expect(statSync(join(directory, 'made'))).toMatchObject({ uid: 0, gid: 0, size: 2 });
  });

  test('is refused a bind mount whose file system cannot map ids', async () => {
    const plan = engine.create().plan(['true']);
    const mounts = [...plan.mounts, bind('/proc/sys', '/host')];
    await expect(engine.spawner.startContainer({ ...plan, mounts })).rejects.toMatchObject({
      reason: 'START_FAILED',
      message: expect.stringContaining('userns: the file system of /proc/sys cannot map ids for a user namespace'),
    });
  });

  test('has the devices of the host, makes none, and may reopen its streams', async () => {
    const script = `echo x > /dev/null && head -c 2 /dev/zero | wc -c; mknod /tmp-null c 1 3
      echo to stdout > /dev/stdout; echo to stderr > /proc/self/fd/2`;
    for (const userId of [0, 1000]) {
      const process = planProcess(sh(script), { userId });
      const plan = { ...engine.create().plan([]), process };
      const { stdout, stderr } = await finish(await engine.spawner.startContainer(plan));
      expect(stdout).toBe('2\nto stdout\n');
      expect(stderr).toMatch(/mknod: .*\nto stderr\n/);
    }
  });

  test('has limits and a score that no one in the namespace could set', async () => {
    const hard = 2n ** 19n;
    const process = planProcess(sh('ulimit -Hc; cat /proc/self/oom_score_adj'), {
      resourceLimits: [{ resource: 4, soft: 0n, hard }],
    });
    const processFiles = [{ path: 'oom_score_adj', value: '321' }];
    const plan = { ...engine.create().plan([]), process, processFiles };
    expect((await finish(await engine.spawner.startContainer(plan))).stdout).toBe(`${hard / 512n}\n321\n`);
  });

  test('has execs in the same namespace, with a terminal too', async () => {
    const container = engine.create();
    const running = await engine.spawner.startContainer(container.plan(['sleep', '100']));
    const script = 'readlink /proc/self/ns/user; readlink /proc/1/ns/user; id -u; echo made > /by-exec';
    const { stdout } = await finish(await engine.spawner.startExec(container.planExec(sh(script))));
    const [own, init, id] = stdout.split('\n');
    expect([own, id]).toEqual([init, '0']);
    expect(statSync(join(container.places.upperDir, 'by-exec')).uid).toBe(0);
    const process = planProcess(sh('stat -c %u $(readlink /proc/self/fd/0); tty'), { terminal: true, userId: 7 });
    const exec = await engine.spawner.startExec({ ...container.planExec([]), process });
    expect((await finish(exec)).stdout).toBe('7\r\n/dev/pts/0\r\n');
    await running.signal(9);
    await finish(running);
  });

  test('has a terminal of its own', async () => {
    const process = planProcess(sh('stat -c %u /dev/console; tty'), { terminal: true });
    const { stdout } = await finish(await engine.spawner.startContainer({ ...engine.create().plan([]), process }));
    expect(stdout).toBe('0\r\n/dev/pts/0\r\n');
  });

  test('leaves no cgroup and no keeper when its start fails in the namespace', async () => {
    const container = engine.create();
    await expect(engine.spawner.startContainer(container.plan(['/absent']))).rejects.toMatchObject({
      reason: 'COMMAND_NOT_FOUND',
    });
    await eventually(
      () => statSync(container.places.unifiedDir, { throwIfNoEntry: false }) === undefined,
      'it is gone',
    );
  });
});

import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finish, PROGRAM, startTestEngine, WITHOUT } from './test-engine.ts';
import { bind, planProcess } from './test-plan.ts';

const sh = (script: string) => ['sh', '-c', script];

describe('a kernel without a call that the helper needs', () => {
  test.each([
    'clone3',
    'openat2',
    'open_tree',
    'move_mount',
    'fsopen',
    'fsconfig',
    'fsmount',
    'mount_setattr',
    'close_range',
    'pidfd_open',
    'pidfd_send_signal',
  ])('is told to be too old: %s', (call) => {
    const directory = mkdtempSync('/tmp/berth-');
    const socket = join(directory, 'native.sock');
    const { status, stderr } = spawnSync(WITHOUT, [call, '--', PROGRAM, 'spawner', '--socket', socket], {
      encoding: 'utf8',
    });
    expect([status, readdirSync(directory)]).toEqual([1, []]);
    expect(stderr).toContain(`the kernel is too old: it has no ${call}, which came with Linux 5.`);
    rmSync(directory, { recursive: true });
  });
});

describe('with the calls of Linux 5.15', () => {
  test('containers run, with mounts, execs, output, signals and terminals', async () => {
    await using engine = await startTestEngine({ prefix: [WITHOUT, 'linux-5.15', '--'], userNamespaces: false });
    const container = engine.create();
    const shared = join(engine.directory, 'shared');
    mkdirSync(shared);
    writeFileSync(join(shared, 'file'), 'shared\n');
    const plan = container.plan(sh('cat /shared/file; echo x > /shared/file; read line; echo got $line; exit 7'), {
      openStdin: true,
    });
    const mounts = [...plan.mounts, bind(shared, '/shared', { readonly: true })];
    const running = await engine.spawner.startContainer({ ...plan, mounts });
    const process = planProcess(sh('tty; cat /shared/file'), { terminal: true });
    const exec = await engine.spawner.startExec({ ...container.planExec([]), process });
    expect((await finish(exec)).stdout).toBe('/dev/pts/0\r\nshared\r\n');
    await running.write(Buffer.from('it\n'));
    const { stdout, stderr, exit } = await finish(running);
    expect([stdout, exit?.exitCode]).toEqual(['shared\ngot it\n', 7]);
    expect(stderr).toContain('Read-only file system');
    const killed = await engine.spawner.startContainer(engine.create().plan(['sleep', '100']));
    await killed.signal(9);
    expect(await finish(killed)).toMatchObject({ exit: { exitCode: 137, signal: 9 } });
  });

  test('paths of an image do not reach the host either', async () => {
    await using engine = await startTestEngine({ prefix: [WITHOUT, 'linux-5.15', '--'], userNamespaces: false });
    const bait = join(engine.directory, 'bait');
    mkdirSync(bait);
    const container = engine.create();
    symlinkSync(bait, join(container.image, 'dev'));
    symlinkSync(`../../../../../../..${bait}`, join(container.image, 'srv'));
    const process = planProcess(['true'], { workingDirectory: '/srv/made/here' });
    await finish(await engine.spawner.startContainer({ ...container.plan([]), process }));
    expect(readdirSync(bait)).toEqual([]);
  });
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createTemporaryDirectory, killComponent, waitFor } from '@berth/testkit';
import { expectNothingLeft } from './support/expect-nothing-left.ts';
import { useEngine } from './support/use-engine.ts';

const cli = useEngine();

test('output goes to its own stream, and the exit code is the command’s', async () => {
  const result = await cli.berth('run', '--rm', 'busybox', 'sh', '-c', 'echo out; echo err >&2; exit 7');
  expect(result).toEqual({ code: 7, stdout: 'out\n', stderr: 'err\n' });
});

test('no byte of a large output is lost', async () => {
  const script = 'yes 0123456789abcde | head -c 4000000; yes fedcba987654321 | head -c 1000000 >&2';
  const { code, stdout, stderr } = await cli.berth('run', '--rm', 'busybox', 'sh', '-c', script);
  expect([code, stdout.length, stderr.length]).toEqual([0, 4_000_000, 1_000_000]);
  expect(stdout.endsWith('0123456789abcde\n')).toBe(true);
});

test('-i passes stdin, and its end', async () => {
  const input = 'line\n'.repeat(100_000);
  const result = await cli.engine.berth(['run', '-i', '--rm', 'busybox', 'wc', '-lc'], { input });
  expect(result.stdout.trim().split(/\s+/)).toEqual(['100000', '500000']);
});

test('without -i stdin is empty', async () => {
  const result = await cli.engine.berth(['run', '--rm', 'busybox', 'wc', '-c'], { input: 'unheard' });
  expect(result.stdout.trim()).toBe('0');
});

test.each([
  [[], 'out typed\n', 'err typed\n'],
  [['stdin', 'stdout', 'stderr'], 'out typed\n', 'err typed\n'],
  [['stdin', 'stdout'], 'out typed\n', ''],
  [['STDIN', 'stderr'], '', 'err typed\n'],
  [['stdout', 'stderr'], 'out nothing\n', 'err nothing\n'],
  [['stdout'], 'out nothing\n', ''],
  [['stderr'], '', 'err nothing\n'],
])('-a %j attaches to these streams', async (streams, stdout, stderr) => {
  const script = 'read x || x=nothing; echo out $x; echo err $x >&2; exit 7';
  const options = streams.length === 0 ? ['-i'] : streams.flatMap((stream) => ['-a', stream]);
  const args = ['run', '--rm', ...options, 'busybox', 'sh', '-c', script];
  expect(await cli.engine.berth(args, { input: 'typed\n' })).toEqual({ code: 7, stdout, stderr });
});

test('-a stdin sends it and leaves the container alone', async () => {
  const args = ['run', '-a', 'stdin', 'busybox', 'sh', '-c', 'sleep 0.5; wc -c; exit 7'];
  const { code, stdout } = await cli.engine.berth(args, { input: 'x'.repeat(300_000) });
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^[0-9a-f]{64}\n$/)]);
  expect(await cli.ok('wait', stdout.trim())).toBe('7');
  expect(await cli.ok('logs', stdout.trim())).toBe('300000');
  await cli.ok('rm', stdout.trim());
});

test('a command that a signal ends has code 128 + signal', async () => {
  const running = cli.berth('run', '--rm', '--name', 'victim', 'busybox', 'sleep', '1000');
  await waitFor(async () => (await cli.ok('ps')).includes('victim'), { what: 'the start' });
  await cli.ok('kill', 'victim');
  expect((await running).code).toBe(137);
});

test('-e, --env-file order and values of the client’s own environment', async () => {
  const env = await cli.ok('run', '--rm', '-e', 'A=1', '-e', 'B=two words', '-e', 'LC_ALL', 'busybox', 'env');
  expect(env.split('\n')).toEqual(
    expect.arrayContaining(['A=1', 'B=two words', 'LC_ALL=C.UTF-8', 'HOME=/root', expect.stringMatching(/^PATH=/)]),
  );
});

test('-w makes the working directory, --hostname names the host', async () => {
  const output = await cli.ok(
    'run',
    '--rm',
    '-w',
    '/a/b',
    '--hostname',
    'ahost',
    'busybox',
    'sh',
    '-c',
    'pwd; hostname',
  );
  expect(output).toBe('/a/b\nahost');
});

test('-u takes names and numbers, with the groups of the image', async () => {
  const id = (user: string) => cli.ok('run', '--rm', '-u', user, 'busybox', 'id');
  expect(await id('nobody')).toMatch(/^uid=65534\(nobody\) gid=65534/);
  expect(await id('1234')).toMatch(/^uid=1234 gid=0\(root\)/);
  expect(await id('1234:5678')).toMatch(/^uid=1234 gid=5678/);
});

test('--entrypoint takes the place of the image’s', async () => {
  expect(await cli.ok('run', '--rm', '--entrypoint', 'echo', 'busybox', 'a', 'b')).toBe('a b');
});

test('-d prints the id; the name is in ps', async () => {
  const id = await cli.ok('run', '-d', '--name', 'sleeper', 'busybox', 'sleep', '100');
  expect(id).toMatch(/^[0-9a-f]{64}$/);
  expect(await cli.ok('ps', '-q')).toBe(id.slice(0, 12));
  await cli.ok('rm', '-f', 'sleeper');
});

test('a container is alone: pids, mounts, host name, capabilities, devices', async () => {
  const script = [
    'echo $$',
    'grep -c . /proc/mounts > /dev/null && echo mounts',
    'grep CapEff /proc/self/status',
    'grep Seccomp: /proc/self/status',
    'mknod /tmp/disk b 254 0 && cat /tmp/disk',
    'cat /proc/kcore | wc -c',
    'echo 1 > /proc/sys/kernel/panic',
  ].join('; ');
  const { stdout, stderr } = await cli.berth('run', '--rm', 'busybox', 'sh', '-c', script);
  expect(stdout).toContain('1\nmounts\nCapEff:\t00000000a80425fb\nSeccomp:\t2\n0\n');
  expect(stderr).toContain("can't open '/tmp/disk': Operation not permitted");
  expect(stderr).toContain("can't create /proc/sys/kernel/panic: Read-only file system");
});

test('--security-opt seccomp=FILE filters the container, after a restart of it and of its service too', async () => {
  using directory = createTemporaryDirectory();
  const file = join(directory.path, 'profile.json');
  const rule = { names: ['chmod', 'fchmodat', 'fchmodat2'], action: 'SCMP_ACT_ERRNO', errnoRet: 95 };
  const profile = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [rule] };
  writeFileSync(file, JSON.stringify(profile, null, 2));
  await cli.ok('run', '-d', '--name', 'filtered', '--security-opt', `seccomp=${file}`, 'busybox', 'sleep', '1000');
  const options = await cli.ok('inspect', '-f', '{{json .HostConfig.SecurityOpt}}', 'filtered');
  expect(JSON.parse(options)).toEqual([`seccomp=${JSON.stringify(profile)}`]);
  const expectFiltered = async () => {
    const { stderr } = await cli.berth('exec', 'filtered', 'chmod', '700', '/tmp');
    expect(stderr).toContain('Operation not supported');
  };
  await expectFiltered();
  await killComponent(cli.engine, 'container-service');
  await cli.engine.start();
  await expectFiltered();
  await cli.ok('restart', '-t', '0', 'filtered');
  await expectFiltered();
  await cli.ok('rm', '-f', 'filtered');
});

test('--cap-add opens the system calls of the capability', async () => {
  const setName = ['busybox', 'sh', '-c', 'hostname other && hostname'];
  expect((await cli.berth('run', '--rm', ...setName)).stderr).toContain('Operation not permitted');
  expect(await cli.ok('run', '--rm', '--cap-add', 'SYS_ADMIN', ...setName)).toBe('other');
});

test('-v with a name keeps data; with a path it shows the host’s', async () => {
  await cli.ok('run', '--rm', '-v', 'store:/data', 'busybox', 'sh', '-c', 'echo kept > /data/file');
  expect(await cli.ok('run', '--rm', '-v', 'store:/data:ro', 'busybox', 'cat', '/data/file')).toBe('kept');
  expect(await cli.ok('volume', 'ls', '-q')).toContain('store');
  const readonly = await cli.berth('run', '--rm', '-v', 'store:/data:ro', 'busybox', 'touch', '/data/x');
  expect(readonly.stderr).toContain('Read-only file system');
  expect(await cli.ok('run', '--rm', '-v', `${cli.engine.root}:/host:ro`, 'busybox', 'ls', '/host')).toBe('lib\nrun');
  expect(await cli.ok('volume', 'rm', 'store')).toBe('store');
});

test('containers that are gone leave nothing', () => expectNothingLeft(cli.engine));

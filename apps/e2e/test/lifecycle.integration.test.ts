import { expect, test } from '@jest/globals';
import { waitFor } from '@berth/testkit';
import { expectNothingLeft } from './support/expect-nothing-left.ts';
import { useEngine } from './support/use-engine.ts';

const cli = useEngine();

/** Waits until a container listens to signals: the first process of its namespace gets none that it does not listen to. */
const waitUntilReady = (name: string) => cli.ok('exec', name, 'sh', '-c', 'while ! [ -e /ready ]; do sleep 0.01; done');

test('a container goes through its life: create, start, stop, start, kill, rm', async () => {
  const id = await cli.ok(
    'create',
    '--name',
    'life',
    'busybox',
    'sh',
    '-c',
    'trap "exit 3" TERM; touch /ready; while :; do sleep 0.05; done',
  );
  expect(await cli.ok('ps', '-a')).toMatch(
    new RegExp(`^${id.slice(0, 12)} +busybox +"sh -c 'trap .* Created +life$`, 'm'),
  );
  expect(await cli.ok('start', 'life')).toBe('life');
  expect(await cli.ok('ps')).toMatch(/ Up (Less than a second|\d+ seconds?) +life$/m);
  await waitUntilReady('life');
  expect(await cli.ok('stop', 'life')).toBe('life');
  expect(await cli.ok('ps', '-a')).toMatch(/ Exited \(3\) .* ago +life$/m);
  await cli.ok('start', 'life');
  expect(await cli.ok('kill', 'life')).toBe('life');
  await waitFor(async () => (await cli.ok('ps', '-a')).includes('Exited (137)'), { what: 'the exit' });
  expect(await cli.ok('rm', 'life')).toBe('life');
  expect(await cli.ok('ps', '-aq')).toBe('');
});

test('stop kills what does not listen when its time is over', async () => {
  await cli.ok('run', '-d', '--name', 'deaf', 'busybox', 'sh', '-c', 'trap "" TERM; while :; do sleep 0.05; done');
  const begin = performance.now();
  await cli.ok('stop', '-t', '1', 'deaf');
  expect(performance.now() - begin).toBeGreaterThan(900);
  expect(await cli.ok('ps', '-a')).toContain('Exited (137)');
  await cli.ok('rm', 'deaf');
});

test('kill -s sends the signal that it names', async () => {
  await cli.ok(
    'run',
    '-d',
    '--name',
    'signalled',
    'busybox',
    'sh',
    '-c',
    'trap "echo got USR1; exit 5" USR1; touch /ready; while :; do sleep 0.05; done',
  );
  await waitUntilReady('signalled');
  await cli.ok('kill', '-s', 'USR1', 'signalled');
  expect(await cli.ok('wait', 'signalled')).toBe('5');
  expect(await cli.ok('logs', 'signalled')).toBe('got USR1');
  await cli.ok('rm', 'signalled');
});

test('logs shows all, the last lines, and goes along until the end', async () => {
  const script = 'for i in 1 2 3 4 5; do echo line $i; sleep 0.1; done; echo to-stderr >&2';
  await cli.ok('run', '-d', '--name', 'talker', 'busybox', 'sh', '-c', script);
  const followed = await cli.berth('logs', '-f', 'talker');
  expect(followed).toEqual({ code: 0, stdout: 'line 1\nline 2\nline 3\nline 4\nline 5\n', stderr: 'to-stderr\n' });
  expect((await cli.berth('logs', '--tail', '2', 'talker')).stdout).toBe('line 5\n');
  expect((await cli.berth('logs', '--tail', '0', 'talker')).stdout).toBe('');
  await cli.ok('rm', 'talker');
});

test('a log driver of none has no log, and a small log forgets its beginning', async () => {
  const none = await cli.berth('run', '--name', 'silent', '--log-driver', 'none', 'busybox', 'echo', 'seen');
  expect(none).toEqual({ code: 0, stdout: 'seen\n', stderr: '' });
  expect((await cli.berth('logs', 'silent')).stderr).toContain('configured logging driver does not support reading');
  await cli.ok('rm', 'silent');
  const script = 'for i in $(seq 1 2000); do echo line $i; done';
  const small = ['--log-opt', 'max-size=10k', '--log-opt', 'max-file=2'];
  await cli.ok('run', '--name', 'small', ...small, 'busybox', 'sh', '-c', script);
  const lines = (await cli.ok('logs', 'small')).split('\n');
  expect(lines.at(-1)).toBe('line 2000');
  expect(lines.length).toBeLessThan(1000);
  expect((await cli.berth('run', '--log-driver', 'syslog', 'busybox')).stderr).toContain(
    "no log driver named 'syslog' is registered",
  );
  await cli.ok('rm', 'small');
});

test('exec runs a further process with its own code, user, directory and environment', async () => {
  await cli.ok('run', '-d', '--name', 'host', '-e', 'OUTER=1', 'busybox', 'sleep', '100');
  expect(await cli.berth('exec', 'host', 'sh', '-c', 'echo out; echo err >&2; exit 9')).toEqual({
    code: 9,
    stdout: 'out\n',
    stderr: 'err\n',
  });
  const script = 'id -u; pwd; echo $OUTER $INNER; cat /proc/1/comm';
  const output = await cli.ok('exec', '-u', 'nobody', '-w', '/tmp', '-e', 'INNER=2', 'host', 'sh', '-c', script);
  expect(output).toBe('65534\n/tmp\n1 2\nsleep');
  const piped = await cli.engine.berth(['exec', '-i', 'host', 'wc', '-c'], { input: 'x'.repeat(300_000) });
  expect(piped.stdout.trim()).toBe('300000');
  expect((await cli.berth('exec', 'host', 'missing')).code).toBe(127);
  expect((await cli.berth('exec', 'host', '/etc')).code).toBe(126);
  await cli.ok('rm', '-f', 'host');
});

test('inspect tells what is set and how it is', async () => {
  const id = await cli.ok('run', '-d', '--name', 'seen', '-e', 'A=1', '-w', '/tmp', 'busybox', 'sleep', '100');
  const [container] = JSON.parse(await cli.ok('inspect', 'seen')) as [Record<string, never>];
  expect(container).toMatchObject({
    Id: id,
    Name: '/seen',
    Path: 'sleep',
    Args: ['100'],
    State: { Status: 'running', Running: true, ExitCode: 0 },
    Config: { Image: 'busybox', WorkingDir: '/tmp', Cmd: ['sleep', '100'] },
  });
  expect(await cli.ok('inspect', '--format', '{{.State.Status}}', 'seen')).toBe('running');
  expect(JSON.parse(await cli.ok('inspect', 'busybox'))).toMatchObject([{ RepoTags: ['busybox:latest'], Os: 'linux' }]);
  await cli.ok('rm', '-f', 'seen');
});

test('events tells what happened, in order, also from before', async () => {
  const since = String(Math.floor(Date.now() / 1000) - 1);
  const id = await cli.ok('run', '-d', '--name', 'event', 'busybox', 'sh', '-c', 'exit 4');
  await cli.ok('wait', 'event');
  await cli.ok('rm', 'event');
  const ofContainer = async () => {
    const until = (Date.now() / 1000).toFixed(3);
    const lines = (await cli.ok('events', '--since', since, '--until', until, '--filter', `container=${id}`)).split(
      '\n',
    );
    return lines.at(-1)?.includes('destroy') ? lines : null;
  };
  const lines = await waitFor(ofContainer, { what: 'the last event' });
  const verbs = lines.map((line) => / container (\S+) /.exec(line)?.[1]);
  expect(verbs.filter((verb) => ['create', 'start', 'die', 'destroy'].includes(verb ?? ''))).toEqual([
    'create',
    'start',
    'die',
    'destroy',
  ]);
  expect(lines.find((line) => line.includes(' die '))).toContain('exitCode=4');
  expect(lines[0]).toMatch(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}\S* container create [0-9a-f]{64} \(image=busybox, name=event(, [^)]+)?\)$/,
  );
});

test('version and info tell about the engine', async () => {
  expect(await cli.ok('version')).toMatch(/^Client:[\s\S]*Version: +0\.1\.0[\s\S]*Server:/);
  const info = await cli.ok('info');
  expect(info).toMatch(/Containers: 0\n +Running: 0\n/);
  expect(info).toContain(`Kernel Version: `);
});

test('containers that are gone leave nothing', () => expectNothingLeft(cli.engine));

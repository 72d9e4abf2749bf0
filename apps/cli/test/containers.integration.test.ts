// What looks at containers and changes them, against a fake engine, as golden texts.
import { expect, test } from '@jest/globals';
import { once } from 'node:events';
import { BerthError } from '@berth/errors';
import { LogForm } from '@berth/proto/container';
import type { AttachContainerResponse, DeepPartial, ExecContainerResponse } from '@berth/proto/container';
import { InterruptedError } from '../src/cli-error.ts';
import { IMAGE, LISTED, OLD, WEB } from './listed-engine.ts';
import { runCli, startCli } from './run-cli.ts';
import { useBerth, useFakeEngines } from './use-fake-engine.ts';

const start = useBerth({ cwd: '/tmp' });
const startEngine = useFakeEngines();

test('inspect finds containers, images and volumes', async () => {
  const berth = await start(LISTED);
  const { stdout } = await berth('inspect', 'web', 'busybox', 'data');
  expect(JSON.parse(stdout)).toMatchObject([
    {
      Id: WEB,
      Name: '/web',
      Path: 'sh',
      Args: ['-c', 'echo hello world; sleep 1000'],
      State: { Status: 'running', Running: true, Pid: 42, FinishedAt: '0001-01-01T00:00:00Z' },
      Mounts: [{ Type: 'volume', Name: 'data', Source: '/v/data', Destination: '/d', RW: true }],
      Config: { Tty: true, Labels: { a: 'b', c: 'd' } },
      NetworkSettings: { IPAddress: '172.17.0.2', Networks: { bridge: { Gateway: '172.17.0.1' } } },
    },
    {
      Id: IMAGE,
      RepoTags: ['busybox:latest'],
      Os: 'linux',
      Architecture: 'amd64',
      RootFS: { Layers: ['sha256:1'] },
      Author: 'me',
    },
    { Name: 'data', Driver: 'local' },
  ]);
  expect(await berth('inspect', 'nothing')).toEqual({
    code: 1,
    stdout: '[]\n',
    stderr: 'Error: No such object: nothing\n',
  });
  expect(await berth('inspect', '-f', '{{.Id}} {{.ID}}', 'web')).toMatchObject({ stdout: `${WEB} ${WEB}\n` });
  expect(await berth('inspect', '--type', 'image', 'web')).toEqual({
    code: 1,
    stdout: '[]\n',
    stderr: 'Error response from daemon: No such image: web:latest\n',
  });
  // What JSON leaves out while it is empty.
  const empty = '{{if .State.Health}}{{.State.Health.Status}}{{end}}{{.Config.StopSignal}}{{.SizeRw}} {{json .State}}';
  expect((await berth('inspect', '-f', empty, 'web')).stdout).toMatch(/^<nil> \{"Status":"running"(?!.*"Health")/);
  expect((await berth('inspect', '-f', '{{.State.Health.Status}}', 'web')).stderr).toBe(
    'template parsing error: template: :1:8: executing "" at <.State.Health>: map has no entry for key "Health"\n',
  );
  expect(await berth('inspect', '--type', 'node', 'web')).toMatchObject({ code: 1, stdout: '' });
  expect(await berth('inspect', '-f', '{{.Foo}}', 'web')).toMatchObject({
    code: 1,
    stderr: 'template parsing error: template: :1:2: executing "" at <.Foo>: map has no entry for key "Foo"\n',
  });
});

test('stop, kill, rm, wait: what worked is printed, what did not is told at the end', async () => {
  const asked: unknown[] = [];
  const known = (request: { container: string }) => {
    asked.push(request);
    if (request.container !== 'ok')
      throw new BerthError('CONTAINER_NOT_FOUND', `No such container: ${request.container}`);
  };
  const berth = await start({
    container: {
      stopContainer: async (request) => (known(request), {}),
      killContainer: async (request) => (known(request), {}),
      deleteContainer: async (request) => (known(request), {}),
      startContainer: async (request) => (known(request), {}),
      waitContainer: async (request) => (known(request), { exit: { exitCode: 3 } }),
    },
  });
  const missing = (...names: string[]) =>
    names.map((name) => `Error response from daemon: No such container: ${name}\n`).join('');
  expect(await berth('stop', '-t', '5', '-s', 'INT', 'x', 'ok', 'y')).toEqual({
    code: 1,
    stdout: 'ok\n',
    stderr: missing('x', 'y'),
  });
  expect(asked[0]).toEqual({ container: 'x', timeoutSeconds: 5, signal: 'INT' });
  expect(await berth('stop', '--time=7', 'ok')).toMatchObject({ code: 0 });
  expect(asked.at(-1)).toEqual({ container: 'ok', timeoutSeconds: 7, signal: '' });
  expect(await berth('kill', '-s', 'HUP', 'x', 'ok')).toEqual({ code: 1, stdout: 'ok\n', stderr: missing('x') });
  expect(await berth('rm', '-v', 'x', '/ok')).toEqual({ code: 1, stdout: '/ok\n', stderr: missing('x') });
  expect(asked.at(-1)).toEqual({ container: 'ok', force: false, volumes: true });
  expect(await berth('rm', '-f', 'x', 'ok')).toEqual({ code: 0, stdout: 'ok\n', stderr: missing('x') });
  expect(await berth('wait', 'ok', 'x')).toEqual({ code: 1, stdout: '3\n', stderr: missing('x') });
  expect(await berth('start', 'x', 'ok')).toEqual({
    code: 1,
    stdout: 'ok\n',
    stderr: `${missing('x')}Error: failed to start containers: x\n`,
  });
});

test('an interruption ends a command for several containers at once, with its own code', async () => {
  const asked: string[] = [];
  const isAsked = Promise.withResolvers<void>();
  const engine = await startEngine({
    container: {
      async waitContainer({ container }, { signal }) {
        asked.push(container);
        isAsked.resolve();
        await once(signal, 'abort');
        return {};
      },
    },
  });
  const cli = startCli(['wait', 'one', 'two'], { root: engine.root });
  await isAsked.promise;
  cli.interrupt(new InterruptedError('', 130));
  expect(await cli.result).toEqual({ code: 130, stdout: '', stderr: '' });
  expect(asked).toEqual(['one']);
});

test('logs go to the stream that they came from', async () => {
  const asked: unknown[] = [];
  const berth = await start({
    container: {
      async *readLogs(request) {
        asked.push(request);
        yield { entries: [{ data: Buffer.from('one\ntwo\n') }] };
        yield { entries: [{ stderr: true, data: Buffer.from('oops\n') }, { data: Buffer.from('par') }] };
        yield { entries: [{ data: Buffer.from('tial\n') }] };
      },
    },
  });
  expect(await berth('logs', '-f', '--tail', '10', 'web')).toEqual({
    code: 0,
    stdout: 'one\ntwo\npartial\n',
    stderr: 'oops\n',
  });
  await berth('logs', '-t', '-n', 'all', 'web');
  expect(asked).toEqual([
    { container: 'web', follow: true, tail: 10n, form: LogForm.TEXT },
    { container: 'web', follow: false, tail: undefined, form: LogForm.TIMED_TEXT },
  ]);
  expect(await berth('logs', '--tail', 'x', 'web')).toMatchObject({ code: 1 });
});

test('attach, start -a and exec carry a process', async () => {
  const seen: unknown[] = [];
  const berth = await start({
    container: {
      ...LISTED.container,
      async *attachContainer(requests): AsyncGenerator<DeepPartial<AttachContainerResponse>> {
        for await (const { request } of requests) {
          if (request?.$case === 'start') seen.push(request.value);
          yield { event: { $case: 'attached', value: {} } };
          yield {
            event: { $case: 'output', value: { output: { $case: 'stderr', value: Buffer.from('attached\n') } } },
          };
          yield { event: { $case: 'exited', value: { exitCode: 7 } } };
          return;
        }
      },
      async *execContainer(requests): AsyncGenerator<DeepPartial<ExecContainerResponse>> {
        for await (const { request } of requests) {
          if (request?.$case === 'start') seen.push(request.value);
          if (request?.$case === 'start' && request.value.command[0] === 'nope') {
            throw new BerthError('COMMAND_NOT_FOUND', 'exec: "nope": executable file not found in $PATH');
          }
          yield { event: { $case: 'started', value: {} } };
          yield { event: { $case: 'exited', value: { exitCode: 9 } } };
          return;
        }
      },
    },
  });
  const old = 'a_long_container_name_for_width';
  expect(await berth('start', '-a', old)).toEqual({ code: 7, stdout: '', stderr: 'attached\n' });
  expect(seen.pop()).toEqual({ container: OLD, start: true, noStdin: true });
  expect(await berth('attach', old)).toEqual({
    code: 1,
    stdout: '',
    stderr: 'You cannot attach to a stopped container, start it first\n',
  });
  expect(await berth('attach', 'web')).toMatchObject({ code: 1, stderr: 'the input device is not a TTY\n' });
  expect(await berth('attach', '--no-stdin', 'web')).toMatchObject({ code: 7 });
  expect(await berth('exec', '-u', 'me', '-w', '/w', '-e', 'A=1', 'web', 'ls', '-l')).toMatchObject({ code: 9 });
  expect(seen.pop()).toMatchObject({
    container: 'web',
    command: ['ls', '-l'],
    user: 'me',
    workingDirectory: '/w',
    environment: ['A=1'],
  });
  expect(await berth('exec', 'web', 'nope')).toEqual({
    code: 127,
    stdout: '',
    stderr: 'Error response from daemon: exec: "nope": executable file not found in $PATH\n',
  });
  expect(await berth('exec', '-it', 'web', 'sh')).toMatchObject({ code: 1, stderr: 'the input device is not a TTY\n' });
  expect(await berth('exec', '-it', 'none', 'sh')).toMatchObject({
    stderr: 'Error response from daemon: No such container: none\n',
  });
});

test('version shows the client also without an engine', async () => {
  const { code, stdout, stderr } = await runCli(['version'], { root: '/tmp/berth-none' });
  expect(code).toBe(1);
  expect(stdout).toMatch(/^Client:\n Version: +0\.1\.0\n OS\/Arch: +linux\/\w+\n$/);
  expect(stderr).toMatch(/^Cannot connect to the Berth engine/);
});

test('version and info with an engine', async () => {
  const info = {
    version: '0.1.0',
    nativeVersion: '0.1.0',
    architecture: 'x86_64',
    kernel: '6.1',
    memoryBytes: 8_345_071_616n,
    counts: { total: 4, running: 2, paused: 1, stopped: 2 },
    securityOptions: ['name=apparmor', 'name=seccomp,profile=builtin'],
  };
  const berth = await start({ ...LISTED, container: { getInfo: async () => info } });
  expect((await berth('version', '-f', '{{.Server.Version}} {{.Client.Version}} {{.Server.Arch}}')).stdout).toBe(
    '0.1.0 0.1.0 amd64\n',
  );
  expect((await berth('version', '-f', '{{range .Server.Components}}{{.Name}} {{.Version}} {{end}}')).stdout).toBe(
    'Engine 0.1.0 berth-ns 0.1.0 \n',
  );
  const text = (await berth('info')).stdout;
  expect(text).toContain(
    '\nServer:\n Containers: 4\n  Running: 1\n  Paused: 1\n  Stopped: 2\n Images: 3\n Server Version: 0.1.0\n',
  );
  expect(text).toContain('\n Total Memory: 7.772GiB\n');
  expect(text).toContain('\n Security Options:\n  apparmor\n  seccomp\n   Profile: builtin\n Kernel Version: 6.1\n');
  expect((await berth('info', '-f', '{{index .SecurityOptions 0}}')).stdout).toBe('name=apparmor\n');
  expect(
    (await berth('info', '-f', '{{.NCPU}} {{.Containers}} {{.ContainersRunning}} {{.ContainersPaused}}')).stdout,
  ).toBe('0 4 1 1\n');
  const asked =
    '{{.CgroupDriver}} {{.Swarm.LocalNodeState}} {{join .Plugins.Volume ","}} {{.DefaultRuntime}} {{.IndexServerAddress}}';
  expect((await berth('info', '-f', asked)).stdout).toBe('cgroupfs inactive local berth https://index.docker.io/v1/\n');
});

test('top shows what the engine lists, in wide columns', async () => {
  const asked: unknown[] = [];
  const listProcesses = async (request: object) => {
    asked.push(request);
    return { titles: ['PID', 'CMD'], processes: [{ columns: ['1234', 'sh -c x'] }] };
  };
  const berth = await start({ container: { listProcesses } });
  expect((await berth('top', 'web', '-o', 'pid,cmd')).stdout).toBe(
    'PID                 CMD\n1234                sh -c x\n',
  );
  expect(asked).toEqual([{ container: 'web', psArguments: ['-o', 'pid,cmd'] }]);
});

test('logs in a time, with details', async () => {
  const asked: unknown[] = [];
  async function* readLogs({ since, until, tail }: object & { since?: unknown; until?: unknown; tail?: unknown }) {
    asked.push({ since, until, tail });
    yield { entries: [{ time: { seconds: 1n, nanos: 5 }, data: Buffer.from('one\n') }] };
  }
  const logConfig = { driver: 'json-file', options: { labels: 'b,none', 'env-regex': '^E', tag: '{{.Name}}/{{.ID}}' } };
  const container = {
    id: 'ab'.repeat(32),
    name: 'web',
    labels: { a: '1', b: 'x y' },
    environment: ['PATH=/bin', 'ENV=a=b'],
    config: { logConfig },
  };
  const getContainer = () => Promise.resolve({ container });
  const berth = await start({ container: { readLogs, getContainer } });
  const argv = ['logs', '-t', '--details', '--since', '1970-01-01T00:00:01.000000005Z', '--until', '9', 'web'];
  expect((await berth(...argv)).stdout).toBe(
    '1970-01-01T00:00:01.000000005Z ENV=a%3Db,b=x+y,tag=web%2Fabababababab one\n',
  );
  expect(asked).toEqual([{ since: { seconds: 1n, nanos: 5 }, until: { seconds: 9n, nanos: 0 }, tail: undefined }]);
});

test('stats shows a table once, or draws it anew again and again', async () => {
  const asked: unknown[] = [];
  const stats = {
    id: 'ab'.repeat(32),
    name: 'web',
    cpuPercent: 150.126,
    memoryBytes: 1_500_000n,
    memoryLimitBytes: 6_000_000n,
    networkReceiveBytes: 1234n,
    blockReadBytes: 5_600_000n,
    pids: 3n,
  };
  const berth = await start({
    container: {
      async *streamStats(request) {
        asked.push(request);
        yield { stats: [stats] };
      },
    },
  });
  const lines = [
    'CONTAINER ID   NAME      CPU %     MEM USAGE / LIMIT     MEM %     NET I/O         BLOCK I/O    PIDS',
    'abababababab   web       150.13%   1.431MiB / 5.722MiB   25.00%    1.23kB / 0B     5.6MB / 0B   3',
  ];
  const once = await berth('stats', '--no-stream', '-a');
  expect(once.stdout.split('\n').map((line) => line.replace(/ +/g, ' ').trimEnd())).toEqual([
    ...lines.map((line) => line.replace(/ +/g, ' ')),
    '',
  ]);
  expect((await berth('stats', '--format', '{{.Name}} {{.PIDs}}', 'web')).stdout).toBe(
    '\u001b[Hweb 3\u001b[K\n\u001b[J',
  );
  expect(asked).toEqual([
    { containers: [], once: true, all: true },
    { containers: ['web'], once: false, all: false },
  ]);
});

test('update sends what was given, and tells warnings last', async () => {
  const asked: object[] = [];
  const berth = await start({
    container: {
      updateContainer(request) {
        asked.push(request);
        return Promise.resolve({ warnings: ['it is cold'] });
      },
    },
  });
  expect(await berth('update', '-m', '8m', '--cpus', '0.5', '--pids-limit', '-1', 'web', 'db')).toEqual({
    code: 0,
    stdout: 'web\ndb\nit is cold\nit is cold\n',
    stderr: '',
  });
  expect(asked[0]).toMatchObject({
    container: 'web',
    resources: { memoryBytes: 8n << 20n, nanoCpus: 500_000_000n, pidsLimit: -1n, cpuShares: 0n },
  });
});

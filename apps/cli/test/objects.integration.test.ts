// The commands that list and change objects, against a fake engine, as golden texts.
import { afterEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BerthError } from '@berth/errors';
import { ContainerStatus, LogForm, MountType } from '@berth/proto/container';
import type {
  AttachContainerResponse,
  Container,
  DeepPartial,
  ExecContainerResponse,
  Network,
} from '@berth/proto/container';
import { InterruptedError } from '../src/cli-error.ts';
import { startFakeEngine, type FakeEngine, type FakeMethods } from './fake-services.ts';
import { runCli, startCli } from './run-cli.ts';

const WEB = 'a1'.repeat(32);
const OLD = 'c3'.repeat(32);
const IMAGE = `sha256:${'b2'.repeat(32)}`;
const DIGEST = `sha256:${'d4'.repeat(32)}`;
const HOUR = 3600;

const open: FakeEngine[] = [];
afterEach(async () => {
  for (const engine of open.splice(0)) await engine[Symbol.asyncDispose]();
});

async function start(methods: FakeMethods): Promise<(...argv: string[]) => ReturnType<typeof runCli>> {
  const engine = await startFakeEngine(methods);
  open.push(engine);
  return (...argv) => runCli(argv, { root: engine.root, cwd: '/tmp' });
}

function ago(seconds: number) {
  return { seconds: BigInt(Math.floor(Date.now() / 1000) - seconds), nanos: 0 };
}

const APP = 'registry.example.com:5000/team/app:v1';
const APP_IMAGE = `sha256:${'d4'.repeat(32)}`;

const CONTAINERS: DeepPartial<Container>[] = [
  {
    id: WEB,
    name: 'web',
    config: { image: 'busybox', command: ['sh', '-c', 'echo hello world'], terminal: true, openStdin: true },
    imageId: IMAGE,
    arguments: ['sh', '-c', 'echo hello world; sleep 1000'],
    status: ContainerStatus.RUNNING,
    pid: 42,
    createTime: ago(2 * HOUR),
    startTime: ago(2 * HOUR),
    labels: { c: 'd', a: 'b' },
    networks: [{ network: 'bridge', address: '172.17.0.2', prefixLength: 16, gateway: '172.17.0.1' }],
    exposedPorts: ['80/tcp'],
    mounts: [{ type: MountType.VOLUME, name: 'data', source: '/v/data', target: '/d' }],
  },
  {
    id: OLD,
    name: 'a_long_container_name_for_width',
    config: { image: APP },
    imageId: APP_IMAGE,
    arguments: ['/bin/"x"', 'ü', 'tést', 'lønger', 'than', 'twenty'],
    status: ContainerStatus.EXITED,
    exitCode: 137,
    createTime: ago(73 * HOUR),
    startTime: ago(73 * HOUR),
    finishTime: ago(72 * HOUR),
  },
];

const LISTED = {
  container: {
    listContainers: async ({ all, limit }) => ({ containers: CONTAINERS.slice(0, limit || (all ? undefined : 1)) }),
    getContainer: async ({ container: name }) => {
      const container = CONTAINERS.find((each) => each.name === name);
      if (!container) throw new BerthError('CONTAINER_NOT_FOUND', `No such container: ${name}`);
      return { container };
    },
    getNetwork: async ({ network }) => {
      throw new BerthError('NETWORK_NOT_FOUND', `network ${network} not found`);
    },
  },
  image: {
    listImages: async () => ({ images: [{}, {}, {}] }),
    getImage: async ({ name }) => {
      if (name === APP) return { image: { id: APP_IMAGE } };
      if (name !== 'busybox') throw new BerthError('IMAGE_NOT_FOUND', `No such image: ${name}:latest`);
      const config = { config: { Cmd: ['sh'] }, rootfs: { type: 'layers', diff_ids: ['sha256:1'] }, author: 'me' };
      const tags = ['docker.io/library/busybox:latest'];
      return {
        image: { id: IMAGE, tags, platform: 'linux/amd64', config: Buffer.from(JSON.stringify(config)), sizeBytes: 1n },
      };
    },
  },
  volume: {
    listVolumes: async () => ({
      volumes: [
        { name: 'data', driver: 'local', labels: { x: 'y' }, containerIds: [WEB] },
        { name: 'spare', driver: 'local' },
      ],
    }),
    getVolume: async ({ name }) => {
      if (name !== 'data') throw new BerthError('VOLUME_NOT_FOUND', `get ${name}: no such volume`);
      const createTime = { seconds: 1_767_225_600n, nanos: 5 };
      return { volume: { name, driver: 'local', mountpoint: '/v/data', labels: { x: 'y' }, createTime } };
    },
  },
} satisfies FakeMethods;

test('ps', async () => {
  const berth = await start(LISTED);
  expect((await berth('ps', '-a')).stdout).toBe(
    `CONTAINER ID   IMAGE                                   COMMAND                    CREATED       STATUS                    PORTS     NAMES
a1a1a1a1a1a1   busybox                                 "sh -c 'echo hello w…"     2 hours ago   Up 2 hours                80/tcp    web
c3c3c3c3c3c3   registry.example.com:5000/team/app:v1   "/bin/\\"x\\" ü tést løn…"   3 days ago    Exited (137) 3 days ago             a_long_container_name_for_width
`,
  );
  expect((await berth('ps', '--no-trunc')).stdout).toContain(
    `\n${WEB}   busybox   "sh -c 'echo hello world; sleep 1000'"`,
  );
  expect((await berth('ps', '-q')).stdout).toBe('a1a1a1a1a1a1\n');
  expect((await berth('ps', '-aq', '--no-trunc')).stdout).toBe(`${WEB}\n${OLD}\n`);
  expect((await berth('ps', '-lq')).stdout).toBe('a1a1a1a1a1a1\n');
  expect((await berth('ps', '-qn', '2')).stdout).toBe('a1a1a1a1a1a1\nc3c3c3c3c3c3\n');
  expect((await berth('ps', '-q', '--format', 'x')).stderr).toBe(
    'WARNING: Ignoring custom format, because both --format and --quiet are set.\n',
  );
});

test('ps calls an image by its id when its name has gone, and by its name when nobody can tell', async () => {
  const getImage: typeof LISTED.image.getImage = async ({ name }) => {
    if (name === 'busybox') return { image: { id: APP_IMAGE } };
    throw new BerthError('INTERNAL', 'away');
  };
  const berth = await start({ ...LISTED, image: { ...LISTED.image, getImage } });
  expect((await berth('ps', '-a', '--format', '{{.Image}}')).stdout).toBe(`${IMAGE.slice(7, 19)}\n${APP}\n`);
  expect((await berth('ps', '--no-trunc', '--format', '{{.Image}}')).stdout).toBe(`${IMAGE}\n`);
});

test('ps --format json has what docker has', async () => {
  const berth = await start(LISTED);
  const [line = ''] = (await berth('ps', '--format', 'json')).stdout.split('\n');
  expect(JSON.parse(line)).toEqual({
    Command: '"sh -c \'echo hello w…"',
    CreatedAt: expect.stringMatching(/^\d{4}-/),
    ID: 'a1a1a1a1a1a1',
    Image: 'busybox',
    Labels: 'a=b,c=d',
    LocalVolumes: '1',
    Mounts: 'data',
    Names: 'web',
    Networks: 'bridge',
    Platform: null,
    Ports: '80/tcp',
    RunningFor: '2 hours ago',
    Size: '0B',
    State: 'running',
    Status: 'Up 2 hours',
  });
});

test('ps hands filters, limit and size on, and shows sizes', async () => {
  const queries: unknown[] = [];
  const listContainers = async (query: object) => {
    queries.push(query);
    return { containers: [{ ...CONTAINERS[0], writableSizeBytes: 12n, rootSizeBytes: 7_800_000n }] };
  };
  const berth = await start({ container: { listContainers } });
  expect((await berth('ps', '-s', '-f', 'name=web', '-f', 'label=a=b', '-n', '3')).stdout).toMatch(
    /NAMES {5}SIZE\n.* {2}web {7}12B \(virtual 7.8MB\)\n$/,
  );
  expect((await berth('ps', '--format', '{{.Size}}')).stdout).toBe('12B (virtual 7.8MB)\n');
  const filters = [
    { key: 'name', value: 'web' },
    { key: 'label', value: 'a=b' },
  ];
  expect(queries).toEqual([
    { all: false, filters, limit: 3, size: true },
    { all: false, filters: [], limit: 0, size: true },
  ]);
  expect(await berth('ps', '-f', 'name')).toMatchObject({
    code: 125,
    stderr: expect.stringContaining(
      'invalid argument "name" for "-f, --filter" flag: bad format of filter (expected name=value)',
    ),
  });
});

test('ps takes its format from the config file', async () => {
  const directory = mkdtempSync('/tmp/berth-config-');
  try {
    const engine = await startFakeEngine(LISTED);
    open.push(engine);
    writeFileSync(join(directory, 'config.json'), '{ "psFormat": "{{.Names}}: {{.State}}" }');
    const ps = (...argv: string[]) => runCli(['ps', ...argv], { root: engine.root, env: { BERTH_CONFIG: directory } });
    expect((await ps()).stdout).toBe('web: running\n');
    expect((await ps('--format', '{{.ID}}')).stdout).toBe('a1a1a1a1a1a1\n');
    writeFileSync(join(directory, 'config.json'), 'nonsense');
    expect((await ps()).stderr).toContain(`Error loading config file: ${directory}/config.json: `);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('volume ls and prune hand their filters on', async () => {
  const asked: unknown[] = [];
  const berth = await start({
    volume: {
      listVolumes: async (request) => (asked.push(request), { volumes: [{ name: 'v10' }, { name: 'v9' }] }),
      pruneVolumes: async (request) => (asked.push(request), { names: ['v9', 'v10'], reclaimedBytes: 1_000n }),
    },
  });
  const filters = [{ key: 'dangling', value: 'true' }];
  expect((await berth('volume', 'ls', '-q', '-f', 'dangling=true')).stdout).toBe('v9\nv10\n');
  expect((await berth('volume', 'prune', '-f', '--filter', 'label=a=b')).stdout).toBe(
    'Deleted Volumes:\nv9\nv10\n\nTotal reclaimed space: 1kB\n',
  );
  expect((await berth('volume', 'prune')).stdout).toBe(
    'WARNING! This will remove anonymous local volumes not used by at least one container.\n' +
      'Are you sure you want to continue? [y/N] ',
  );
  await berth('volume', 'prune', '-af');
  expect(await berth('volume', 'prune', '-af', '--filter', 'all=1')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'conflicting options: cannot specify both --all and --filter all=1\n',
  });
  expect(asked).toEqual([
    { filters },
    { filters: [{ key: 'label', value: 'a=b' }] },
    { filters: [{ key: 'all', value: 'true' }] },
  ]);
});

test('volume ls and inspect', async () => {
  const berth = await start(LISTED);
  expect((await berth('volume', 'ls')).stdout).toBe('DRIVER    VOLUME NAME\nlocal     data\nlocal     spare\n');
  expect(await berth('volume', 'inspect', 'data', 'x')).toEqual({
    code: 1,
    stdout: `[
    {
        "CreatedAt": "2026-01-01T00:00:00Z",
        "Driver": "local",
        "Labels": {
            "x": "y"
        },
        "Mountpoint": "/v/data",
        "Name": "data",
        "Options": null,
        "Scope": "local"
    }
]
`,
    stderr: 'Error response from daemon: get x: no such volume\n',
  });
});

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
  const engine = await startFakeEngine({
    container: {
      async waitContainer({ container }, { signal }) {
        asked.push(container);
        isAsked.resolve();
        await once(signal, 'abort');
        return {};
      },
    },
  });
  open.push(engine);
  const cli = startCli(['wait', 'one', 'two'], { root: engine.root });
  await isAsked.promise;
  cli.interrupt(new InterruptedError('', 130));
  expect(await cli.result).toEqual({ code: 130, stdout: '', stderr: '' });
  expect(asked).toEqual(['one']);
});

test('rmi tells image-service which containers run', async () => {
  let running: string[] = [];
  const berth = await start({
    ...LISTED,
    image: {
      deleteImage: async ({ name, runningContainerIds }) => {
        running = runningContainerIds;
        if (name !== 'busybox') throw new BerthError('IMAGE_NOT_FOUND', `No such image: ${name}:latest`);
        return {
          untagged: ['docker.io/library/busybox:latest', `docker.io/library/busybox@${DIGEST}`],
          deleted: [IMAGE],
        };
      },
    },
  });
  expect(await berth('rmi', 'busybox', 'x')).toEqual({
    code: 1,
    stdout: `Untagged: busybox:latest\nUntagged: busybox@${DIGEST}\nDeleted: ${IMAGE}\n`,
    stderr: 'Error response from daemon: No such image: x:latest\n',
  });
  expect(running).toEqual([WEB]);
  expect(await berth('rmi', '-f', 'x')).toMatchObject({ code: 0 });
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

test('pull prints what docker prints', async () => {
  const berth = await start({
    image: {
      async *pullImage({ reference }) {
        if (reference === 'docker.io/library/nope:latest')
          throw new BerthError('REGISTRY_DENIED', 'pull access denied for nope');
        yield { event: { $case: 'resolved', value: { digest: DIGEST } } };
        yield { event: { $case: 'done', value: { digest: DIGEST, upToDate: true } } };
      },
    },
  });
  expect(await berth('pull', 'busybox')).toEqual({
    code: 0,
    stdout: `Using default tag: latest
latest: Pulling from library/busybox
Digest: ${DIGEST}
Status: Image is up to date for busybox:latest
docker.io/library/busybox:latest
`,
    stderr: '',
  });
  expect((await berth('pull', '-q', 'localhost:5000/a:v1')).stdout).toBe('localhost:5000/a:v1\n');
  expect(await berth('pull', 'nope')).toEqual({
    code: 1,
    stdout: 'Using default tag: latest\n',
    stderr: 'Error response from daemon: pull access denied for nope\n',
  });
});

test('import sends the archive and what is to be changed', async () => {
  const directory = mkdtempSync('/tmp/berth-');
  writeFileSync(join(directory, 'a.tar'), Buffer.alloc(600_000, 1));
  const received: unknown[] = [];
  let bytes = 0;
  const berth = await start({
    image: {
      importImage: async (requests) => {
        for await (const { part } of requests) {
          if (part?.$case === 'data') bytes += part.value.length;
          else received.push({ ...part?.value, config: JSON.parse(Buffer.from(part?.value.config ?? []).toString()) });
        }
        return { image: { id: IMAGE } };
      },
    },
  });
  expect(await berth('import', '-c', 'CMD ["sh"]', '-m', 'hello', join(directory, 'a.tar'), 'me:v1')).toEqual({
    code: 0,
    stdout: `${IMAGE}\n`,
    stderr: '',
  });
  expect(received).toEqual([{ reference: 'me:v1', config: { Cmd: ['sh'] }, message: 'hello', platform: '' }]);
  expect(bytes).toBe(600_000);
  expect(await berth('import', 'nofile')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'open nofile: no such file or directory\n',
  });
  rmSync(directory, { recursive: true });
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

test('volume create and rm', async () => {
  const asked: unknown[] = [];
  const berth = await start({
    volume: {
      createVolume: async (request) => {
        asked.push(request);
        return { volume: { name: request.name || 'generated' } };
      },
      deleteVolume: async ({ name }) => {
        if (name !== 'data') throw new BerthError('VOLUME_NOT_FOUND', `get ${name}: no such volume`);
        return {};
      },
    },
  });
  expect((await berth('volume', 'create')).stdout).toBe('generated\n');
  expect((await berth('volume', 'create', '--label', 'a=b', '-o', 'x=y', '-d', 'local', 'data')).stdout).toBe('data\n');
  expect(asked.pop()).toEqual({ name: 'data', driver: 'local', labels: { a: 'b' }, options: { x: 'y' } });
  expect((await berth('volume', 'create', '--name', 'data')).stdout).toBe('data\n');
  expect((await berth('volume', 'create', '--name', 'data', 'other')).stderr).toBe(
    'conflicting options: cannot specify a volume-name through both --name and as a positional arg\n',
  );
  expect(await berth('volume', 'rm', 'x', 'data')).toEqual({
    code: 1,
    stdout: 'data\n',
    stderr: 'Error response from daemon: get x: no such volume\n',
  });
});

test('tag', async () => {
  let asked: unknown;
  const berth = await start({ image: { tagImage: async (request) => ((asked = request), {}) } });
  expect(await berth('tag', 'a', 'b:c')).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(await berth('tag', 'a', 'B')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Error parsing reference: "B" is not a valid repository/tag: invalid reference'),
  });
  expect(asked).toEqual({ name: 'a', target: 'b:c' });
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

const NETWORK: DeepPartial<Network> = {
  id: 'ab'.repeat(32),
  name: 'net',
  driver: 'bridge',
  ipv4: true,
  ipv6: true,
  createTime: { seconds: 1_767_225_600n, nanos: 5 },
  subnets: [{ subnet: '172.18.0.0/16', gateway: '172.18.0.1', auxiliaryAddresses: { r: '172.18.0.9' } }],
  labels: { b: '2', a: '1' },
  containers: [
    {
      id: WEB,
      name: 'web',
      endpointId: 'e',
      hardwareAddress: '02:42:ac:12:00:02',
      address: '172.18.0.2',
      prefixLength: 16,
      ipv6Address: 'fd00:1::2',
      ipv6PrefixLength: 64,
    },
  ],
};
const NONE: DeepPartial<Network> = { id: 'cd'.repeat(32), name: 'none', driver: 'null' };

test('network ls and inspect', async () => {
  const berth = await start({
    container: {
      listNetworks: async () => ({ networks: [NETWORK, NONE] }),
      getNetwork: async ({ network: name }) => {
        if (name !== 'net') throw new BerthError('NETWORK_NOT_FOUND', `network ${name} not found`);
        return { network: NETWORK };
      },
    },
  });
  expect((await berth('network', 'ls')).stdout).toBe(
    `NETWORK ID     NAME      DRIVER    SCOPE
abababababab   net       bridge    local
cdcdcdcdcdcd   none      null      local
`,
  );
  expect((await berth('network', 'ls', '-q')).stdout).toBe('abababababab\ncdcdcdcdcdcd\n');
  expect((await berth('network', 'ls', '--format', '{{.Name}} {{.Labels}} {{.Internal}}')).stdout).toBe(
    'net a=1,b=2 false\nnone  false\n',
  );
  const { stdout, stderr, code } = await berth('network', 'inspect', 'net', 'nope');
  expect([stderr, code]).toEqual(['Error response from daemon: network nope not found\n', 1]);
  expect(JSON.parse(stdout)).toEqual([
    {
      Name: 'net',
      Id: 'ab'.repeat(32),
      Created: '2026-01-01T00:00:00.000000005Z',
      Scope: 'local',
      Driver: 'bridge',
      EnableIPv4: true,
      EnableIPv6: true,
      IPAM: {
        Driver: 'default',
        Options: {},
        Config: [{ Subnet: '172.18.0.0/16', Gateway: '172.18.0.1', AuxiliaryAddresses: { r: '172.18.0.9' } }],
      },
      Internal: false,
      Attachable: false,
      Ingress: false,
      ConfigFrom: { Network: '' },
      ConfigOnly: false,
      Containers: {
        [WEB]: {
          Name: 'web',
          EndpointID: 'e',
          MacAddress: '02:42:ac:12:00:02',
          IPv4Address: '172.18.0.2/16',
          IPv6Address: 'fd00:1::2/64',
        },
      },
      Options: {},
      Labels: { a: '1', b: '2' },
    },
  ]);
});

test('network create, rm and prune', async () => {
  const requests: unknown[] = [];
  const berth = await start({
    container: {
      createNetwork: async (request) => {
        requests.push(request);
        return { id: 'ab'.repeat(32) };
      },
      deleteNetwork: async ({ network }) => {
        if (network !== 'net') throw new BerthError('NETWORK_NOT_FOUND', `network ${network} not found`);
        return {};
      },
      pruneNetworks: async ({ filters }) => ({ deletedNames: filters.length === 0 ? ['a', 'b'] : [] }),
    },
  });
  const single = ['--scope', 'local', '--ipam-driver', 'default'];
  const create = [
    'network',
    'create',
    '--subnet',
    '10.1.0.0/16',
    '--gateway',
    '10.1.0.9',
    '--aux-address',
    'r=10.1.0.5',
  ];
  expect((await berth(...create, '-o', 'a=b', '--label', 'l', ...single, 'net')).stdout).toBe(`${'ab'.repeat(32)}\n`);
  await berth(
    'network',
    'create',
    '--ipv6',
    '--ipv4=false',
    '--subnet',
    'fd00:1::/64',
    '--gateway',
    'fd00:1::9',
    'six',
  );
  expect(requests).toMatchObject([
    {
      name: 'net',
      subnets: [{ subnet: '10.1.0.0/16', gateway: '10.1.0.9', auxiliaryAddresses: { r: '10.1.0.5' } }],
      options: { a: 'b' },
      labels: { l: '' },
      ipv6: false,
      withoutIpv4: false,
    },
    { ipv6: true, withoutIpv4: true, subnets: [{ subnet: 'fd00:1::/64', gateway: 'fd00:1::9' }] },
  ]);
  const CONFIGURATIONS_ARE_REFUSED =
    'Error response from daemon: networks that are a configuration only are for several hosts: give each network its own options';
  const failing: [string[], string][] = [
    [['--gateway', '10.0.0.1'], 'every ip-range or gateway must have a corresponding subnet'],
    [['--subnet', '10.0'], 'invalid subnet: invalid CIDR address: 10.0'],
    [['--subnet', '10.0.0.0/8,10.1.0.0/16'], 'multiple overlapping subnet configuration is not supported'],
    [['--subnet', '10.0.0.0/8', '--gateway', '11.0.0.1'], 'no matching subnet for gateway 11.0.0.1'],
    [['--ipam-driver', 'x'], 'Error response from daemon: plugin "x" not found'],
    [['--ipam-opt', 'a=b'], 'Error response from daemon: the IPAM driver default has no options'],
    [['--scope', 'x'], 'Error response from daemon: invalid network scope: x'],
    [['--config-only'], CONFIGURATIONS_ARE_REFUSED],
    [['--config-from', 'x'], CONFIGURATIONS_ARE_REFUSED],
    [['--ingress'], 'Error response from daemon: Ingress network can only be global scope network'],
  ];
  for (const [options, text] of failing) {
    expect(await berth('network', 'create', ...options, 'x')).toMatchObject({ stderr: `${text}\n`, code: 1 });
  }
  expect(await berth('network', 'rm', 'net', 'nope')).toMatchObject({
    stdout: 'net\n',
    stderr: 'Error response from daemon: network nope not found\n',
    code: 1,
  });
  expect(await berth('network', 'rm', '-f', 'nope', 'net')).toMatchObject({ stdout: 'net\n', stderr: '', code: 0 });
  expect((await berth('network', 'prune', '-f')).stdout).toBe('Deleted Networks:\na\nb\n\n');
  expect((await berth('network', 'prune', '-f', '--filter', 'label=x')).stdout).toBe('');
});

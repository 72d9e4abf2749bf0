import { describe, expect, test } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BerthError } from '@berth/errors';
import { LayerPhase } from '@berth/proto/image';
import { MountType } from '@berth/proto/container';
import { NO_MOUNT } from '../src/container/mounts.ts';
import type {
  DeepPartial,
  KillContainerRequest,
  ProcessInput,
  RunContainerRequest,
  RunContainerResponse,
  RunContainerStart,
} from '@berth/proto/container';
import { runCli, startCli } from './run-cli.ts';
import { useFakeEngines } from './use-fake-engine.ts';

const ID = 'a1b2'.repeat(16);
const start = useFakeEngines();

/** A container that tells what it was made from, and answers each input with a line. */
function createEcho(answer: (input: ProcessInput['input']) => string | number) {
  const starts: RunContainerStart[] = [];
  async function* runContainer(
    requests: AsyncIterable<RunContainerRequest>,
  ): AsyncGenerator<DeepPartial<RunContainerResponse>> {
    for await (const { request } of requests) {
      if (request?.$case === 'start') {
        starts.push(request.value);
        yield { event: { $case: 'created' as const, value: { id: ID, warnings: ['it is cold'] } } };
        yield { event: { $case: 'started' as const, value: { pid: 1 } } };
        if (request.value.detach) return;
      }
      if (request?.$case !== 'input') continue;
      const said = answer(request.value.input);
      if (typeof said === 'number') {
        yield { event: { $case: 'exited' as const, value: { exitCode: said } } };
        return;
      }
      yield {
        event: { $case: 'output' as const, value: { output: { $case: 'stdout' as const, value: Buffer.from(said) } } },
      };
    }
  }
  return { starts, container: { runContainer } };
}

describe('run', () => {
  test('sends what was asked for', async () => {
    const echo = createEcho(() => 0);
    const engine = await start({ container: echo.container });
    const argv =
      'run -i --rm --name web -e A=1 -e HERE -e GONE -w /w -u me:us --entrypoint ep -h host --network none -v data:/d:ro -v ./x:/x ' +
      '-v /anon -l k=v --label only --stop-signal INT --stop-timeout 3 --security-opt no-new-privileges --userns auto --mount type=bind,src=/a,dst=/b,ro ' +
      'busybox cmd -x --flag';
    const result = await runCli(argv.split(' '), { root: engine.root, env: { HERE: 'here' }, cwd: '/cwd', stdin: '' });
    expect(result).toEqual({ code: 0, stdout: '', stderr: 'WARNING: it is cold\n' });
    expect(echo.starts).toEqual([
      {
        name: 'web',
        detach: false,
        terminalSize: undefined,
        config: expect.objectContaining({
          image: 'busybox',
          command: ['cmd', '-x', '--flag'],
          entrypoint: ['ep'],
          entrypointSet: true,
          environment: ['A=1', 'HERE=here', 'GONE'],
          workingDirectory: '/w',
          user: 'me:us',
          hostname: 'host',
          terminal: false,
          openStdin: true,
          stdinOnce: true,
          autoRemove: true,
          labels: { k: 'v', only: '' },
          networkMode: 'none',
          mounts: [
            { ...NO_MOUNT, type: MountType.VOLUME, source: 'data', target: '/d', readonly: true, mode: 'ro' },
            { ...NO_MOUNT, type: MountType.BIND, source: '/cwd/x', target: '/x', mode: '' },
            { ...NO_MOUNT, type: MountType.VOLUME, target: '/anon', mode: '' },
            { ...NO_MOUNT, type: MountType.BIND, source: '/a', target: '/b', readonly: true },
          ],
          noNewPrivileges: true,
          userNamespaceMode: 'auto',
          stopSignal: 'INT',
          stopTimeoutSeconds: 3,
          exposedPorts: [],
          portBindings: [],
          publishAllPorts: false,
          attachedStreams: ['stdin', 'stdout', 'stderr'],
          containerIdFile: '',
          resources: expect.objectContaining({ memoryBytes: 0n, pidsLimit: undefined }),
          sysctls: {},
          oomScoreAdj: 0,
          devices: [],
          deviceCgroupRules: [],
          deviceRequests: [],
        }),
      },
    ]);
  });

  test('sends how far a container is kept apart, and what it knows of names', async () => {
    const echo = createEcho(() => 0);
    const engine = await start({ container: echo.container });
    const argv =
      'run -d --cap-add net_admin --cap-add CAP_CHOWN --cap-drop chown --cap-drop kill --group-add audio --read-only --init --privileged ' +
      '--tmpfs /t:size=1m --tmpfs /u --mount type=tmpfs,dst=/v,tmpfs-size=2k,tmpfs-mode=1770 --pid container:a --ipc host --uts host ' +
      '--cgroupns private --security-opt seccomp=unconfined --security-opt systempaths=unconfined --security-opt apparmor:unconfined ' +
      '--security-opt label=disable --security-opt no-new-privileges=false --security-opt writable-cgroups ' +
      '--add-host a=::1 --add-host b:host-gateway --dns 1.1.1.1 --dns-search . --dns-option ndots:2 --domainname lan --annotation a=b busybox';
    const { code, stderr } = await runCli(argv.split(' '), { root: engine.root });
    expect([code, stderr]).toEqual([0, 'WARNING: it is cold\n']);
    expect(echo.starts[0]?.config).toMatchObject({
      capabilitiesAdd: ['CAP_CHOWN', 'CAP_NET_ADMIN'],
      capabilitiesDrop: ['CAP_KILL'],
      additionalGroups: ['audio'],
      readonlyRoot: true,
      init: true,
      privileged: true,
      mounts: [
        { type: MountType.TMPFS, target: '/t', tmpfsOptions: 'size=1m' },
        { type: MountType.TMPFS, target: '/u', tmpfsOptions: '' },
        { type: MountType.TMPFS, target: '/v', tmpfsOptions: 'size=2048,mode=1770' },
      ],
      pidMode: 'container:a',
      ipcMode: 'host',
      utsMode: 'host',
      cgroupNamespaceMode: 'private',
      seccompProfile: 'unconfined',
      apparmorProfile: 'unconfined',
      systemPathsUnconfined: true,
      writableCgroups: true,
      securityOptions: [
        'seccomp=unconfined',
        'apparmor:unconfined',
        'label=disable',
        'no-new-privileges=false',
        'writable-cgroups',
      ],
      noNewPrivileges: false,
      extraHosts: ['a:::1', 'b:host-gateway'],
      dnsServers: ['1.1.1.1'],
      dnsSearch: ['.'],
      dnsOptions: ['ndots:2'],
      domainName: 'lan',
      annotations: { a: 'b' },
    });
  });

  test.each([
    ['--pid x', '--pid: invalid PID mode'],
    ['--uts x', '--uts: invalid UTS mode'],
    ['--cgroupns x', '--cgroupns: invalid CGROUP mode'],
    ['--security-opt seccomp', 'Invalid --security-opt: "seccomp"'],
    ['--security-opt writable-cgroups=2', 'invalid --security-opt 2: "writable-cgroups=2"'],
    ['--security-opt a=b', 'invalid --security-opt 2: "a=b"'],
    [
      '--security-opt seccomp=/nowhere',
      'opening seccomp profile (/nowhere) failed: open /nowhere: no such file or directory\n',
    ],
    ['--security-opt seccomp=/', 'opening seccomp profile (/) failed: read /: is a directory\n'],
    ['--security-opt seccomp=/etc/passwd', 'compacting json for seccomp profile (/etc/passwd) failed: '],
    ['--security-opt label=type:x', '--security-opt label=type:x: SELinux labels are not supported'],
    ['--dns x', 'invalid argument "x" for "--dns" flag: IP address is not correctly formatted: x'],
    ['--add-host x', 'invalid argument "x" for "--add-host" flag: bad format for add-host: "x"'],
    ['--add-host x:y', 'invalid argument "x:y" for "--add-host" flag: invalid IP address in add-host: "y"'],
    ['--dns-search -', 'invalid argument "-" for "--dns-search" flag: - is not a valid domain'],
    ['--expose 9-8', 'invalid range format for --expose: 9-8, error: invalid range specified for port: 9-8'],
    ['--health-interval 5', 'time: missing unit in duration "5"'],
    ['--health-interval 5x', 'time: unknown unit "x" in duration "5x"'],
    ['--health-interval x', 'time: invalid duration "x"'],
    ['--memory-swappiness 101', 'invalid value: 101. Valid memory swappiness range is 0-100'],
    ['--restart always --rm', 'conflicting options: cannot specify both --restart and --rm'],
  ])('%s is refused', async (words, message) => {
    const engine = await start({});
    const { code, stderr } = await runCli(['run', ...words.split(' '), 'busybox'], { root: engine.root });
    expect([code, stderr]).toEqual([125, expect.stringContaining(message)]);
  });

  test('sends what a file says of seccomp, without its white space and to the last digit', async () => {
    const echo = createEcho(() => 0);
    const engine = await start({ container: echo.container });
    const file = join(engine.root, 'profile.json');
    writeFileSync(file, '{ "defaultAction" : "a b\\" ",\n\t"value": 18446744073709551615 }\n');
    const options = ['--security-opt', `seccomp=${file}`, '--security-opt', 'label=disable'];
    expect(await runCli(['run', '-d', ...options, 'busybox'], { root: engine.root })).toMatchObject({ code: 0 });
    const seccompProfile = '{"defaultAction":"a b\\" ","value":18446744073709551615}';
    const securityOptions = [`seccomp=${seccompProfile}`, 'label=disable'];
    expect(echo.starts[0]?.config).toMatchObject({ seccompProfile, securityOptions });
  });

  test('-d prints the id', async () => {
    const echo = createEcho(() => 0);
    const engine = await start({ container: echo.container });
    const result = await runCli(['run', '-d', 'busybox'], { root: engine.root });
    expect(result).toMatchObject({ code: 0, stdout: `${ID}\n` });
    expect(echo.starts[0]).toMatchObject({ detach: true });
  });

  test('-i carries stdin to its end, and the exit code back', async () => {
    const echo = createEcho((input) => (input?.$case === 'stdin' ? `<${Buffer.from(input.value).toString()}>` : 42));
    const engine = await start({ container: echo.container });
    const { code, stdout } = await runCli(['run', '-i', 'busybox'], { root: engine.root, stdin: 'hello' });
    expect({ code, stdout }).toEqual({ code: 42, stdout: '<hello>' });
  });

  test('-t makes the terminal raw, follows its size, and leaves it as it was', async () => {
    const echo = createEcho((input) => {
      if (input?.$case === 'resize') return `${input.value.rows}x${input.value.columns}`;
      return input?.$case === 'stdin' && input.value[0] === 3 ? 130 : 'key';
    });
    const engine = await start({ container: echo.container });
    const cli = startCli(['run', '-it', 'busybox'], { root: engine.root, terminal: { rows: 24, columns: 80 } });
    cli.stdin.write('k');
    await cli.waitForStdout('key');
    expect(cli.isRaw()).toBe(true);
    cli.resize({ rows: 30, columns: 100 });
    await cli.waitForStdout('30x100');
    cli.stdin.write('\x03');
    expect(await cli.result).toMatchObject({ code: 130 });
    expect(cli.isRaw()).toBe(false);
    expect(echo.starts[0]).toMatchObject({ terminalSize: { rows: 24, columns: 80 }, config: { terminal: true } });
  });

  test('ctrl-p ctrl-q leaves the container, also key by key', async () => {
    const echo = createEcho((input) => (input?.$case === 'stdin' ? Buffer.from(input.value).toString('hex') : ''));
    const engine = await start({ container: echo.container });
    const cli = startCli(['run', '-it', 'busybox'], { root: engine.root, terminal: { rows: 24, columns: 80 } });
    cli.stdin.write('\x10x');
    await cli.waitForStdout('1078');
    cli.stdin.write('\x10');
    setTimeout(() => cli.stdin.write('\x11'), 50);
    expect(await cli.result).toMatchObject({ code: 0, stdout: '1078' });
    expect(cli.isRaw()).toBe(false);
  });

  /** A container that never reads its stdin, so that the stream to it is full, and that ends at SIGTERM. */
  function createDeaf() {
    const signals: string[] = [];
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    return {
      signals,
      container: {
        async *runContainer(): AsyncGenerator<DeepPartial<RunContainerResponse>> {
          yield { event: { $case: 'created' as const, value: { id: ID } } };
          yield { event: { $case: 'started' as const, value: { pid: 1 } } };
          await ended;
          yield { event: { $case: 'exited' as const, value: { exitCode: 143 } } };
        },
        killContainer({ container, signal }: KillContainerRequest) {
          signals.push(`${container === ID} ${signal}`);
          if (signal === '15') end();
          return Promise.resolve({});
        },
      },
    };
  }

  test('passes signals on, also while the process does not read its stdin', async () => {
    const deaf = createDeaf();
    const engine = await start({ container: deaf.container });
    const cli = startCli(['run', '-i', 'busybox'], { root: engine.root });
    cli.stdin.write(Buffer.alloc(8 << 20));
    await cli.waitForSignals();
    cli.signal('SIGINT');
    cli.signal('SIGUSR1');
    cli.signal('SIGTERM');
    expect(await cli.result).toMatchObject({ code: 143 });
    expect(deaf.signals).toEqual(['true 2', 'true 10', 'true 15']);
  });

  test('ends at the third Ctrl-C when the container does not care', async () => {
    const deaf = createDeaf();
    const engine = await start({ container: deaf.container });
    const cli = startCli(['run', '-i', 'busybox'], { root: engine.root });
    await cli.waitForSignals();
    for (let i = 0; i < 3; i++) cli.signal('SIGINT');
    const { code, stderr } = await cli.result;
    expect(code).toBe(1);
    expect(stderr).toContain('got 3 SIGTERM/SIGINTs, forcefully exiting');
  });

  test('pulls a missing image with its progress on stderr, and tries again', async () => {
    const digest = `sha256:${'d4'.repeat(32)}`;
    const layer = `sha256:${'aa'.repeat(32)}`;
    let pulled = false;
    const echo = createEcho(() => 0);
    const engine = await start({
      container: {
        async *runContainer(requests) {
          if (!pulled) throw new BerthError('IMAGE_NOT_FOUND', 'No such image: busybox:latest');
          yield* echo.container.runContainer(requests);
        },
      },
      image: {
        async *pullImage({ reference }) {
          pulled = true;
          yield { event: { $case: 'resolved', value: { reference, digest, layers: [layer] } } };
          yield {
            event: { $case: 'layer', value: { digest: layer, phase: LayerPhase.DOWNLOADING, currentBytes: 1n } },
          };
          yield { event: { $case: 'layer', value: { digest: layer, phase: LayerPhase.DOWNLOADED } } };
          yield { event: { $case: 'layer', value: { digest: layer, phase: LayerPhase.COMPLETE } } };
          yield { event: { $case: 'done', value: { digest, upToDate: false } } };
        },
      },
    });
    expect(await runCli(['run', '-d', 'busybox'], { root: engine.root })).toEqual({
      code: 0,
      stdout: `${ID}\n`,
      stderr: [
        "Unable to find image 'busybox:latest' locally",
        'latest: Pulling from library/busybox',
        'aaaaaaaaaaaa: Pulling fs layer',
        'aaaaaaaaaaaa: Download complete',
        'aaaaaaaaaaaa: Pull complete',
        `Digest: ${digest}`,
        'Status: Downloaded newer image for busybox:latest',
        'WARNING: it is cold',
        '',
      ].join('\n'),
    });
  });

  test.each([
    ['COMMAND_NOT_FOUND', 127],
    ['COMMAND_NOT_EXECUTABLE', 126],
    ['CONTAINER_NAME_IN_USE', 125],
  ] as const)('says what %s means, with code %i', async (reason, code) => {
    const engine = await start({
      container: {
        async *runContainer() {
          throw new BerthError(reason, 'the text');
        },
      },
    });
    expect(await runCli(['run', 'busybox', 'x'], { root: engine.root })).toEqual({
      code,
      stdout: '',
      stderr: "berth: Error response from daemon: the text\n\nRun 'berth run --help' for more information\n",
    });
  });

  test('says that there is no engine', async () => {
    expect(await runCli(['run', 'busybox'], { root: '/tmp/berth-none' })).toEqual({
      code: 125,
      stdout: '',
      stderr:
        'berth: Cannot connect to the Berth engine at unix:///tmp/berth-none/run/container-service.sock. Is the engine running?' +
        "\n\nRun 'berth run --help' for more information\n",
    });
  });

  test.each([
    [['run', '-it', 'x'], 1, 'the input device is not a TTY\n'],
    [['run', '-d', '-a', 'stdout', 'x'], 1, 'conflicting options: cannot specify both --attach and --detach\n'],
    [
      ['run', '--pull', 'foo', 'x'],
      125,
      `berth: invalid pull option: 'foo': must be one of "always", "missing" or "never"\n\nRun 'berth run --help' for more information\n`,
    ],
    [['run', '-v', '', 'x'], 125, "berth: invalid empty volume spec\n\nRun 'berth run --help' for more information\n"],
    [
      ['run', '--env-file', 'nofile', 'x'],
      125,
      "berth: open nofile: no such file or directory\n\nRun 'berth run --help' for more information\n",
    ],
  ])('%j is refused', async (argv, code, stderr) => {
    expect(await runCli(argv, { root: '/tmp/berth-none' })).toEqual({ code, stdout: '', stderr });
  });

  test('--cidfile holds the id, and is not left behind when there is none', async () => {
    const directory = mkdtempSync('/tmp/berth-');
    const cidfile = join(directory, 'cid');
    const echo = createEcho(() => 0);
    const engine = await start({ container: echo.container });
    const argv = ['run', '-d', '--cidfile', cidfile, 'busybox'];
    expect(await runCli(argv, { root: '/tmp/berth-none' })).toMatchObject({ code: 125 });
    expect(existsSync(cidfile)).toBe(false);
    expect(await runCli(argv, { root: engine.root })).toMatchObject({ code: 0 });
    expect(readFileSync(cidfile, 'utf8')).toBe(ID);
    const again = await runCli(argv, { root: engine.root });
    expect(again.code).toBe(125);
    expect(again.stderr).toContain("container ID file found, make sure the other container isn't running or delete");
    rmSync(directory, { recursive: true });
  });

  test('--env-file gives variables that -e overrides', async () => {
    const directory = mkdtempSync('/tmp/berth-');
    writeFileSync(join(directory, 'env'), '# comment\n\nA=file\n  B=two words \nHERE\nGONE\n');
    const echo = createEcho(() => 0);
    const engine = await start({ container: echo.container });
    const argv = ['run', '-d', '--env-file', 'env', '-e', 'A=flag', 'busybox'];
    await runCli(argv, { root: engine.root, cwd: directory, env: { HERE: 'h' } });
    expect(echo.starts[0]?.config?.environment).toEqual(['A=file', 'B=two words ', 'HERE=h', 'A=flag']);
    rmSync(directory, { recursive: true });
  });
});

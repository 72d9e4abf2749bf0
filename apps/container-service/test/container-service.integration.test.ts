import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { engineNames } from '@berth/client';
import { ContainerStatus, MountType, type ProcessInput } from '@berth/proto/container';
import { waitFor, type TestEngine } from '@berth/testkit';
import { describe, expect, test } from '@jest/globals';
import { aMount, DEFAULT_CONFIG, requests, stdin, type TestContainers } from './support/containers.ts';
import { expectNothingLeft } from './support/left-behind.ts';
import { useContainers } from './support/use-containers.ts';

let engine: TestEngine;
let containers: TestContainers;

useContainers((started) => {
  ({ engine, containers } = started);
});

const sh = (script: string): string[] => ['sh', '-c', script];

describe('running a container', () => {
  test('gives its output on both streams and its exit code', async () => {
    const { stdout, stderr, exit } = await containers.run(sh('echo out; echo err >&2; exit 3'));
    expect({ stdout, stderr, exit }).toEqual({
      stdout: 'out\n',
      stderr: 'err\n',
      exit: { exitCode: 3, oomKilled: false },
    });
  });

  test('loses no byte of a megabyte', async () => {
    const { stdout } = await containers.run(sh('dd if=/dev/zero bs=1024 count=1024 2>/dev/null | tr "\\0" x'));
    expect(stdout).toBe('x'.repeat(1024 * 1024));
  });

  test('removes it when it is done, and nothing of it is left', async () => {
    const { id } = await containers.run(['true'], { config: { autoRemove: true } });
    await expect(containers.get(id)).rejects.toMatchObject({ reason: 'CONTAINER_NOT_FOUND' });
    await expectNothingLeft(engine);
  });

  test('with a user namespace of its own gives it ids that no other container has, and its execs too', async () => {
    const start = () => containers.startDetached('sleep 100', { config: { userNamespaceMode: 'auto' } });
    const ids = await Promise.all(
      [await start(), await start()].map(async (id) =>
        (await containers.exec(id, ['cat', '/proc/self/uid_map'])).stdout.trim().split(/ +/),
      ),
    );
    const firsts = ids.map(([, first]) => Number(first));
    expect(firsts[0]).not.toBe(firsts[1]);
    expect(ids.map(([own, , count]) => [own, count])).toEqual([
      ['0', '65536'],
      ['0', '65536'],
    ]);
  });

  test('carries stdin to its end', async () => {
    const config = { openStdin: true, stdinOnce: true };
    const { stdout, exit } = await containers.run(['cat'], { config, inputs: stdin('hello\n') });
    expect([stdout, exit?.exitCode]).toEqual(['hello\n', 0]);
  });

  test('with a terminal gives it its size, and follows a new one', async () => {
    const told = Promise.withResolvers<void>();
    async function* inputs(): AsyncGenerator<ProcessInput> {
      yield { input: { $case: 'stdin', value: Buffer.from('stty size; tty\n') } };
      await told.promise;
      yield { input: { $case: 'resize', value: { rows: 50, columns: 120 } } };
      yield { input: { $case: 'stdin', value: Buffer.from('stty size; exit 4\n') } };
    }
    const { stdout, exit } = await containers.run(['sh'], {
      config: { terminal: true, openStdin: true, stdinOnce: true },
      terminalSize: { rows: 24, columns: 80 },
      inputs: inputs(),
      onStdout: (text) => (/\/dev\/\S+\r\n/.test(text) ? told.resolve() : undefined),
    });
    expect(stdout).toMatch(/24 80\r\n\/dev\/(pts\/0|console)\r\n[^]*50 120\r\n/);
    expect(exit?.exitCode).toBe(4);
  });

  test('passes a signal on', async () => {
    const signals = Promise.withResolvers<void>();
    async function* inputs(): AsyncGenerator<ProcessInput> {
      await signals.promise;
      yield { input: { $case: 'signal', value: 10 } };
    }
    const { exit } = await containers.run(sh('trap "exit 42" USR1; echo ready; while :; do sleep 0.1; done'), {
      inputs: inputs(),
      onStdout: (text) => text.includes('ready') && signals.resolve(),
    });
    expect(exit?.exitCode).toBe(42);
  });

  test('goes on when its client goes', async () => {
    const gone = new AbortController();
    let id = '';
    const run = containers.run(sh('echo up; sleep 1; exit 6'), {
      name: 'lonely',
      signal: gone.signal,
      onStdout: () => gone.abort(),
    });
    await expect(run).rejects.toThrow();
    ({ id } = await containers.get('lonely'));
    const { exit } = await containers.client.waitContainer({ container: id });
    expect(exit?.exitCode).toBe(6);
  });

  test('gives the environment, user, directory and host name it was asked for', async () => {
    const config = { environment: ['A=1'], user: '7:8', workingDirectory: '/new/dir', hostname: 'me' };
    const { stdout } = await containers.run(sh('id -u; id -g; id -G; pwd; hostname; cat /etc/hostname; env | sort'), {
      config,
    });
    expect(stdout.replace(/^PATH=.*$/m, 'PATH')).toBe(
      '7\n8\n8\n/new/dir\nme\nme\nA=1\nHOME=/\nHOSTNAME=me\nPATH\nPWD=/new/dir\nSHLVL=1\n',
    );
  });

  test('confines it as Docker does', async () => {
    const { stdout } = await containers.run(
      sh(
        'grep -E "^(Cap|Seccomp:|NoNewPrivs)" /proc/self/status; cat /proc/1/comm; ls /proc/self/fd | wc -l; cat /proc/self/cgroup',
      ),
    );
    expect(stdout).toMatch(
      /CapInh:\t0000000000000000\nCapPrm:\t00000000a80425fb\nCapEff:\t00000000a80425fb\nCapBnd:\t00000000a80425fb/,
    );
    expect(stdout).toMatch(/NoNewPrivs:\t0\nSeccomp:\t2/);
    expect(stdout).toMatch(/\n0::\/\n/);
    const { stdout: nnp } = await containers.run(sh('grep NoNewPrivs /proc/self/status'), {
      config: { noNewPrivileges: true },
    });
    expect(nnp).toBe('NoNewPrivs:\t1\n');
  });
});

describe('a start that fails', () => {
  test.each([
    { command: 'nope', reason: 'COMMAND_NOT_FOUND', code: 127, text: 'executable file not found in $PATH' },
    { command: '/nope', reason: 'COMMAND_NOT_FOUND', code: 127, text: 'stat /nope: no such file or directory' },
    { command: '/etc', reason: 'COMMAND_NOT_EXECUTABLE', code: 126, text: '' },
    { command: '/etc/passwd', reason: 'COMMAND_NOT_EXECUTABLE', code: 126, text: 'permission denied' },
  ])(
    'for the command $command is $reason, and leaves the container created',
    async ({ command, reason, code, text }) => {
      const message = expect.stringContaining(`unable to start container process: exec: "${command}": ${text}`);
      await expect(containers.run([command], { name: 'bad' })).rejects.toMatchObject({ reason, message });
      const container = await containers.get('bad');
      expect(container).toMatchObject({ status: ContainerStatus.CREATED, exitCode: code, network: { address: '' } });
      expect(container.error).toContain(text);
      expect(readdirSync(join(engine.paths.runDir, 'containers'))).toEqual([]);
      await containers.removeAll();
      await expectNothingLeft(engine);
    },
  );

  test.each([
    [{ user: 'eve' }, 'USER_INVALID', 'unable to find user eve: no matching entries in passwd file'],
    [{ user: '4294967296' }, 'USER_INVALID', 'ids are numbers'],
    [{ image: 'nope' }, 'IMAGE_NOT_FOUND', 'No such image: nope:latest'],
    [{ networkMode: 'mars' }, 'NETWORK_NOT_FOUND', 'network mars not found'],
    [{ stopSignal: 'SIGFOO' }, 'INVALID_ARGUMENT', 'invalid signal: SIGFOO'],
  ])('for %j says so, and leaves nothing with auto_remove', async (config, reason, message) => {
    await expect(containers.run(['true'], { config: { ...config, autoRemove: true } })).rejects.toMatchObject({
      reason,
      message: expect.stringContaining(message),
    });
    await expectNothingLeft(engine);
  });

  test('for a name in use says whose it is', async () => {
    const id = await containers.startDetached('sleep 60', { name: 'taken' });
    await expect(containers.run(['true'], { name: 'taken' })).rejects.toMatchObject({
      reason: 'CONTAINER_NAME_IN_USE',
      message: expect.stringContaining(`"/taken" is already in use by container "${id}"`),
    });
  });

  test('for a bad name says what a name is', async () => {
    await expect(containers.run(['true'], { name: 'a/b' })).rejects.toMatchObject({ reason: 'CONTAINER_NAME_INVALID' });
  });
});

describe('the life of a container', () => {
  test('is created, started, stopped, started again and removed', async () => {
    const { client } = containers;
    const config = { ...DEFAULT_CONFIG, command: sh('trap "exit 0" TERM; while :; do sleep 0.1; done') };
    const { id } = await client.createContainer({ name: 'web', config });
    expect((await containers.get('web')).status).toBe(ContainerStatus.CREATED);
    await client.startContainer({ container: 'web' });
    await client.startContainer({ container: 'web' });
    const running = await containers.get(id.slice(0, 12));
    expect(running).toMatchObject({
      status: ContainerStatus.RUNNING,
      network: { network: 'bridge', prefixLength: expect.any(Number) },
    });
    expect(existsSync(`/proc/${running.pid}`)).toBe(true);
    await waitFor(() => catches(running.pid, constants.signals.SIGTERM), { what: 'the trap' });
    await client.stopContainer({ container: 'web', signal: '' });
    expect(await containers.get('web')).toMatchObject({ status: ContainerStatus.EXITED, exitCode: 0, pid: 0 });
    await client.startContainer({ container: 'web' });
    expect((await containers.get('web')).network?.address).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    await expect(client.deleteContainer({ container: 'web' })).rejects.toMatchObject({ reason: 'CONTAINER_RUNNING' });
    await client.deleteContainer({ container: 'web', force: true });
    await expect(containers.get(id)).rejects.toMatchObject({ message: `No such container: ${id}` });
    await expectNothingLeft(engine);
  });

  test('a stop kills what does not listen, after its time', async () => {
    await containers.startDetached('trap "" TERM; while :; do sleep 0.1; done', { name: 'deaf' });
    const begun = Date.now();
    await containers.client.stopContainer({ container: 'deaf', timeoutSeconds: 1, signal: '' });
    expect(Date.now() - begun).toBeGreaterThanOrEqual(1000);
    expect((await containers.get('deaf')).exitCode).toBe(137);
  });

  test('keeps what it wrote from one start to the next', async () => {
    const script = 'if [ -f /mark ]; then exit 5; else touch /mark; fi';
    const { id } = await containers.run(sh(script));
    await containers.client.startContainer({ container: id });
    const { exit } = await containers.client.waitContainer({ container: id });
    expect(exit?.exitCode).toBe(5);
  });

  test('many at once each get an address, a name and an end', async () => {
    const runs = await Promise.all(
      Array.from({ length: 12 }, () => containers.run(sh('ip -4 addr show eth0 | grep inet; sleep 0.3'))),
    );
    const addresses = runs.map(({ stdout }) => /inet ([0-9.]+)/.exec(stdout)?.[1]);
    expect(new Set(addresses).size).toBe(12);
    expect(runs.every(({ exit }) => exit?.exitCode === 0)).toBe(true);
  });
});

describe('a running container', () => {
  test('runs further processes in its namespaces, as any of its users', async () => {
    await containers.startDetached('sleep 60', { name: 'web', config: { environment: ['A=1'] } });
    const { stdout, stderr, exit } = await containers.exec(
      'web',
      sh('echo $A $B; id -u; pwd; echo e >&2; set -- /proc/[0-9]*; echo $#; exit 9'),
      {
        environment: ['B=2'],
        workingDirectory: '/tmp',
        user: '12',
      },
    );
    expect([stdout, stderr, exit?.exitCode]).toEqual(['1 2\n12\n/tmp\n2\n', 'e\n', 9]);
    await expect(containers.exec('web', ['nope'])).rejects.toMatchObject({ reason: 'COMMAND_NOT_FOUND' });
    await expect(containers.exec('web', ['true'], { user: 'eve' })).rejects.toMatchObject({ reason: 'USER_INVALID' });
    expect(readdirSync(join(engine.paths.runDir, 'containers', (await containers.get('web')).id, 'x'))).toEqual([]);
  });

  test('takes clients that attach', async () => {
    await containers.startDetached('while read line; do echo "got $line"; [ "$line" = end ] && exit 8; done', {
      name: 'echo',
      config: { openStdin: true },
    });
    async function* inputs(): AsyncGenerator<ProcessInput> {
      yield { input: { $case: 'stdin', value: Buffer.from('one\nend\n') } };
    }
    const start = { container: 'echo', start: false, noStdin: false };
    let stdout = '';
    let exitCode = -1;
    for await (const { event } of containers.client.attachContainer(requests(start, inputs()))) {
      if (event?.$case === 'output') stdout += event.value.output?.value.toString() ?? '';
      if (event?.$case === 'exited') exitCode = event.value.exitCode;
    }
    expect([stdout, exitCode]).toEqual(['got one\ngot end\n', 8]);
  });

  test('by several clients at once gives all of it to each; one types and one must not', async () => {
    const script = 'while read x; do echo "got $x"; echo "had $x" >&2; [ "$x" = end ] && exit 8; done; echo lost';
    const { id } = await containers.run(sh(script), { detach: true, config: { openStdin: true, stdinOnce: true } });
    let attached = 0;
    const all = Promise.withResolvers<void>();
    async function* typed(text: string): AsyncGenerator<ProcessInput> {
      await all.promise;
      yield* stdin(text);
    }
    async function client(noStdin: boolean, inputs?: AsyncIterable<ProcessInput>): Promise<string[]> {
      const heard = { stdout: '', stderr: '', exitCode: '' };
      const start = { container: id, start: false, noStdin };
      for await (const { event } of containers.client.attachContainer(requests(start, inputs))) {
        if (event?.$case === 'attached' && ++attached === 4) all.resolve();
        if (event?.$case === 'exited') heard.exitCode = String(event.value.exitCode);
        const output = event?.$case === 'output' ? event.value.output : undefined;
        if (output?.$case === 'stdout' || output?.$case === 'stderr') heard[output.$case] += output.value.toString();
      }
      return Object.values(heard);
    }
    async function* patient(): AsyncGenerator<ProcessInput> {
      await all.promise;
      // Long enough for the input that must not be heard to come before.
      await new Promise((resolve) => setTimeout(resolve, 200));
      yield { input: { $case: 'stdin', value: Buffer.from('one\nend\n') } };
    }
    const heard = await Promise.all([
      client(true),
      client(true, typed('unheard\n')),
      client(false),
      client(false, patient()),
    ]);
    for (const each of heard) expect(each).toEqual(['got one\ngot end\n', 'had one\nhad end\n', '8']);
  });

  test('started by whoever attaches to it loses no byte', async () => {
    const config = { ...DEFAULT_CONFIG, command: sh('echo first') };
    await containers.client.createContainer({ name: 'att', config });
    let stdout = '';
    for await (const { event } of containers.client.attachContainer(
      requests({ container: 'att', start: true, noStdin: false }),
    )) {
      if (event?.$case === 'output') stdout += event.value.output?.value.toString() ?? '';
    }
    expect(stdout).toBe('first\n');
  });
});

describe('logs', () => {
  test('have all output, or its end', async () => {
    const { id } = await containers.run(sh('for i in 1 2 3 4 5; do echo "line $i"; done; printf rest'));
    expect(await containers.logs(id)).toBe('line 1\nline 2\nline 3\nline 4\nline 5\nrest');
    expect(await containers.logs(id, { tail: 2n })).toBe('line 5\nrest');
    expect(await containers.logs(id, { tail: 0n })).toBe('');
    expect(await containers.logs(id, { tail: 99n })).toBe('line 1\nline 2\nline 3\nline 4\nline 5\nrest');
  });

  test('follow a container to its end, over rotations', async () => {
    const line = 'x'.repeat(999);
    const id = await containers.startDetached(`sleep 0.3; yes ${line} | head -n 12000; echo end`);
    const text = await containers.logs(id, { follow: true });
    expect(text).toBe(`${line}\n`.repeat(12_000) + 'end\n');
    const { logPath } = await containers.get(id);
    expect(existsSync(`${logPath}.1`)).toBe(true);
    expect(await containers.logs(id, { tail: 1n })).toBe('end\n');
    expect(await containers.logs(id, { tail: 11_000n })).toBe(`${line}\n`.repeat(10_999) + 'end\n');
  });

  test('of one that never ran are empty', async () => {
    const { id } = await containers.client.createContainer({
      name: '',
      config: { ...DEFAULT_CONFIG, command: ['true'] },
    });
    expect(await containers.logs(id)).toBe('');
    await expect(containers.logs('nope')).rejects.toMatchObject({ reason: 'CONTAINER_NOT_FOUND' });
  });
});

describe('mounts', () => {
  const volume = (source: string, target: string, readonly = false) => aMount({ source, target, readonly });

  test('a volume outlives its containers, begins with what the image has, and is in use meanwhile', async () => {
    const mounts = [volume('data', '/etc')];
    const first = await containers.run(sh('ls /etc/passwd; echo 1 > /etc/mark'), { config: { mounts } });
    expect(first.stdout).toBe('/etc/passwd\n');
    const second = await containers.run(sh('cat /etc/mark; echo 2 > /etc/mark'), {
      config: { mounts: [volume('data', '/etc', true)], autoRemove: true },
    });
    expect([second.stdout, second.exit?.exitCode]).toEqual(['1\n', 1]);
    expect((await containers.get(first.id)).mounts).toEqual([
      {
        type: MountType.VOLUME,
        target: '/etc',
        readonly: false,
        name: 'data',
        source: join(engine.paths.serviceDir('volume-service'), 'volumes/data/_data'),
        driver: 'local',
        mode: 'z',
        propagation: '',
      },
    ]);
  });

  test('anonymous volumes go with a container that removes itself', async () => {
    const config = { mounts: [volume('', '/v')], autoRemove: true };
    await containers.run(sh('echo 1 > /v/a'), { config });
    const dir = join(engine.paths.serviceDir('volume-service'), 'volumes');
    await waitFor(() => readdirSync(dir).every((name) => name.length < 64), { what: 'the end of the volume' });
  });

  test('a bind shows the host’s files, and makes a directory that is missing', async () => {
    const dir = join(engine.root, 'host');
    mkdirSync(dir);
    writeFileSync(join(dir, 'file'), 'from the host');
    const bind = aMount({ type: MountType.BIND, source: dir, target: '/host', readonly: true });
    const missing = aMount({ type: MountType.BIND, source: join(dir, 'new'), target: '/new' });
    const { stdout } = await containers.run(
      sh('cat /host/file; touch /host/x 2>/dev/null || echo " ro"; echo 1 > /new/a'),
      {
        config: { mounts: [bind, missing] },
      },
    );
    expect(stdout).toBe('from the host ro\n');
    expect(readFileSync(join(dir, 'new/a'), 'utf8')).toBe('1\n');
    rmSync(dir, { recursive: true });
  });
});

describe('the network', () => {
  test('default, none and host', async () => {
    const interfaces = async (networkMode: string): Promise<string[]> => {
      const { stdout } = await containers.run(sh('ls /sys/class/net'), { config: { networkMode } });
      return stdout.split(/\s+/).filter((name) => name !== '');
    };
    expect(await interfaces('')).toEqual(['eth0', 'lo']);
    expect(await interfaces('none')).toEqual(['lo']);
    expect(await interfaces('host')).toContain(engineNames(engine.root).bridge);
  });

  test('containers reach each other and the host', async () => {
    await containers.startDetached('nc -l -p 80 -e echo reached', { name: 'server' });
    const { network } = await containers.get('server');
    await waitFor(async () => (await containers.exec('server', sh('netstat -ln'))).stdout.includes(':80 '), {
      what: 'the server',
    });
    const { stdout } = await containers.run(
      sh(`nc ${network?.address} 80; until ping -c 1 -W 2 ${network?.gateway} >/dev/null; do :; done; echo answered`),
    );
    expect(stdout).toBe('reached\nanswered\n');
  });
});

test('the engine tells about itself', async () => {
  const info = await containers.client.getInfo({});
  expect(info).toMatchObject({
    version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    nativeVersion: expect.stringMatching(/^\d+\.\d+\.\d+/),
    architecture: 'x86_64',
    stateDirectory: engine.paths.stateDir,
    engineId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    defaultNetwork: expect.stringMatching(/^[0-9.]+\/\d+$/),
  });
  expect(statSync(engine.paths.socket('container-service')).mode & 0o777).toBe(0o660);
});

/** Whether a process has a handler for a signal; without one, the first process of a container never hears of it. */
function catches(pid: number, signal: number): boolean {
  const mask = /^SigCgt:\s*(\w+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n;
}

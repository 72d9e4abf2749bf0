import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { StartContainer } from '@berth/proto/native';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { encodeFrame, FRAME } from '../src/frame.ts';
import { startTestEngine, type TestEngine } from './test-engine.ts';
import { filesystem, planProcess, planCgroup } from './test-plan.ts';

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

const root = (changes: object) =>
  ({ rootfs: { ...engine.create().plan([]).rootfs, ...changes } }) as Partial<StartContainer>;

describe('a plan is refused', () => {
  const bad: [string, () => Partial<StartContainer>][] = [
    ['without a proper id', () => ({ containerId: 'ABC' })],
    ['with a relative state directory', () => ({ stateDir: 'state' })],
    ['with a user namespace without ids', () => ({ namespaceFlags: 0x10020000n })],
    ['without a mount namespace', () => ({ namespaceFlags: 0x20000000n })],
    ['without a root', () => ({ rootfs: undefined })],
    ['with no layer', () => root({ lowerDirs: [] })],
    ['with a layer that climbs out', () => root({ lowerDirs: ['../secret'] })],
    ['with a layer that smuggles options', () => root({ lowerDirs: ['a:b'] })],
    ['with too many layers', () => root({ lowerDirs: Array.from({ length: 501 }, () => 'busybox') })],
    ['with a mount that climbs out', () => ({ mounts: [filesystem('/a/../../b', 'tmpfs')] })],
    ['with a mount over the root', () => ({ mounts: [filesystem('/', 'tmpfs')] })],
    ['with a mount of a real file system', () => ({ mounts: [filesystem('/x', 'ext4', 0, ['source=/dev/vda'])] })],
    [
      'with a device that climbs out',
      () => ({ devices: [{ path: '/dev/../x', mode: 0o020666, major: 1, minor: 3, userId: 0, groupId: 0 }] }),
    ],
    ['with a sysctl of the host', () => ({ sysctls: [{ path: 'kernel/core_pattern', value: '|/x' }] })],
    ['with a sysctl that climbs out', () => ({ sysctls: [{ path: 'net/../kernel/core_pattern', value: '|/x' }] })],
    [
      'with a cgroup value that climbs out',
      () => ({
        cgroup: planCgroup('/sys/fs/cgroup/x', { values: [{ path: '../cgroup.procs', value: '1' }] }),
      }),
    ],
    ['without a command', () => ({ process: planProcess([]) })],
    ['with the user 4294967295', () => ({ process: planProcess(['true'], { userId: 0xffffffff }) })],
    ['with an unknown flag of filters', () => ({ process: planProcess(['true'], { seccompFlags: 8 }) })],
    ['with half a filter', () => ({ process: planProcess(['true'], { seccompFilter: Buffer.alloc(7) }) })],
  ];

  test.each(bad)('%s', async (_, changes) => {
    const container = engine.create();
    const plan = { ...container.plan(['true']), ...changes() };
    await expect(engine.spawner.startContainer(plan)).rejects.toMatchObject({ reason: 'START_FAILED' });
    expect(readdirSync(container.places.stateDir)).toEqual([]);
  });
});

describe('a start that fails', () => {
  const failing: [string, string, (container: ReturnType<TestEngine['create']>) => Partial<StartContainer>][] = [
    ['for a missing command', 'COMMAND_NOT_FOUND', () => ({ process: planProcess(['nope']) })],
    ['for a missing path', 'COMMAND_NOT_FOUND', () => ({ process: planProcess(['/nope']) })],
    ['for a directory', 'COMMAND_NOT_EXECUTABLE', () => ({ process: planProcess(['/bin']) })],
    [
      'for a file that is not executable',
      'COMMAND_NOT_EXECUTABLE',
      (container) => {
        writeFileSync(join(container.image, 'plain'), 'x', { mode: 0o644 });
        return { process: planProcess(['/plain']) };
      },
    ],
    [
      'for a file of no known format',
      'COMMAND_NOT_EXECUTABLE',
      (container) => {
        writeFileSync(join(container.image, 'noise'), 'x', { mode: 0o755 });
        return { process: planProcess(['/noise']) };
      },
    ],
    [
      'for a missing interpreter',
      'COMMAND_NOT_FOUND',
      (container) => {
        writeFileSync(join(container.image, 'script'), '#!/nope\n', { mode: 0o755 });
        return { process: planProcess(['/script']) };
      },
    ],
    [
      'for a missing working directory',
      'START_FAILED',
      () => ({
        process: planProcess(['true'], { workingDirectory: '/nope', createWorkingDirectory: false }),
      }),
    ],
    ['for a missing layer', 'START_FAILED', () => root({ lowerDirs: ['absent'] })],
    [
      'for a log that cannot be opened',
      'START_FAILED',
      () => ({ log: { path: '/absent/log', maxSizeBytes: 0n, maxFiles: 1 } }),
    ],
    [
      'for an AppArmor profile that the host does not have',
      'START_FAILED',
      () => ({ process: planProcess(['true'], { apparmorProfile: 'berth-absent' }) }),
    ],
    [
      'for a filter that the kernel refuses',
      'START_FAILED',
      () => ({
        process: planProcess(['true'], { seccompFilter: Buffer.alloc(8) }),
      }),
    ],
  ];

  test.each(failing)('%s leaves nothing behind', async (_, reason, changes) => {
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
    const container = engine.create();
    const plan = { ...container.plan(['true']), ...changes(container) };
    await expect(engine.spawner.startContainer(plan)).rejects.toMatchObject({ reason });
    expect(readdirSync(container.places.stateDir)).toEqual([]);
    expect(existsSync(container.places.unifiedDir)).toBe(false);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).toBe(mounts);
  });

  test('for a state directory in use says so and leaves it alone', async () => {
    const container = engine.create();
    const running = await engine.spawner.startContainer(container.plan(['sleep', '1000']));
    await expect(engine.spawner.startContainer(container.plan(['true']))).rejects.toMatchObject({
      reason: 'START_FAILED',
    });
    expect(readdirSync(container.places.stateDir).sort()).toEqual(['control.sock', 'lock', 'record']);
    await running.signal(9);
    expect(await running.exited).toMatchObject({ exitCode: 137 });
  });

  test('for a state directory that others can write to', async () => {
    const container = engine.create();
    const stateDir = join(engine.directory, 'open');
    mkdirSync(stateDir);
    chmodSync(stateDir, 0o777);
    const plan = { ...container.plan(['true']), stateDir };
    await expect(engine.spawner.startContainer(plan)).rejects.toMatchObject({ reason: 'START_FAILED' });
    expect(readdirSync(stateDir)).toEqual([]);
  });
});

describe('the socket', () => {
  const talk = async (bytes: Uint8Array): Promise<string> => {
    const socket = connect(engine.socketPath);
    socket.on('error', () => undefined);
    socket.end(bytes);
    const chunks: Uint8Array[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    // The helper may close before it has read everything, which counts as an error here.
    await new Promise((resolve) => socket.once('close', resolve));
    return Buffer.concat(chunks).toString('latin1');
  };

  test.each([
    ['rubbish', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['a frame that is no request', encodeFrame(FRAME.stdin, Buffer.from('x'))],
    ['a request that is no message', encodeFrame(FRAME.request, Buffer.from([255, 255, 255]))],
    ['an empty request', encodeFrame(FRAME.request, new Uint8Array())],
    ['a request that is cut off', encodeFrame(FRAME.request, new Uint8Array(100)).subarray(0, 50)],
    ['a request larger than allowed', Uint8Array.of(255, 255, 255, 255, FRAME.request, 0, 0, 0)],
  ])('answers %s with a failure and serves on', async (_, bytes) => {
    expect(await talk(bytes)).toContain('plan');
    expect(await engine.spawner.ping()).toMatchObject({ pid: expect.any(Number) });
  });

  test('serves others while a client says nothing', async () => {
    const silent = Array.from({ length: 8 }, () => connect(engine.socketPath));
    expect(await engine.run(['echo', 'on'])).toMatchObject({ stdout: 'on\n' });
    for (const socket of silent) socket.destroy();
  });
});

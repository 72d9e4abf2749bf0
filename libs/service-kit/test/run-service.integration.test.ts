import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkHealth, connectNats, connectService, readEvents, readNatsEndpoint, resolvePaths } from '@berth/client';
import { VolumeServiceDefinition } from '@berth/proto/volume';
import { Client, credentials } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createAcknowledgedPublisher } from '../src/acknowledged-publisher.ts';

let root: string;
let env: NodeJS.ProcessEnv;
let processes: ChildProcess[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'berth-'));
  env = { ...process.env, BERTH_ROOT: root };
  processes = [];
  mkdirSync(join(root, 'run'));
});

afterEach(async () => {
  for (const child of processes) if (child.exitCode === null && child.signalCode === null) await kill(child, 'SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
  return child.exitCode;
}

async function startEcho(log: 'inherit' | number = 'inherit'): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'echo-service.ts')],
    {
      env,
      stdio: ['ignore', 'ignore', log],
    },
  );
  processes.push(child);
  const { socket } = resolvePaths(env);
  await waitUntil(() => checkHealth(socket('volume-service')));
  return child;
}

async function startNats(port: number | null = null): Promise<{ child: ChildProcess; port: number }> {
  const portsDir = mkdtempSync(join(root, 'ports-'));
  const config = join(root, 'nats.conf');
  writeFileSync(
    config,
    `listen: "127.0.0.1:${port ?? -1}"\nauthorization { token: "t" }\njetstream { store_dir: "${root}/js" }\nports_file_dir: "${portsDir}"\nlogfile: "/dev/null"\n`,
  );
  const child = spawn('nats-server', ['-c', config], { stdio: 'ignore' });
  processes.push(child);
  const file = join(portsDir, `nats-server_${child.pid}.ports`);
  const url = await waitUntil(() => Promise.resolve(readPorts(file)));
  writeFileSync(join(root, 'run/nats.json'), JSON.stringify({ url, token: 't' }));
  return { child, port: Number(new URL(url).port) };
}

function readPorts(file: string): string | null {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { nats: string[] }).nats[0] ?? null;
  } catch {
    return null;
  }
}

async function waitUntil<Value>(probe: () => Promise<Value | null | false>): Promise<Value> {
  for (let round = 0; round < 400; round++) {
    const value = await probe();
    if (value) return value;
    await sleep(25);
  }
  throw new Error('waited 10 s in vain');
}

async function connectToNats() {
  const connection = await connectNats(readNatsEndpoint(resolvePaths(env).natsFile));
  return { connection, [Symbol.asyncDispose]: () => connection.close() };
}

function connectVolumes() {
  return connectService(VolumeServiceDefinition, resolvePaths(env).socket('volume-service'));
}

describe('a service', () => {
  test('carries the reason and text of a failure to the client, and hides the insides of a bug', async () => {
    await startEcho();
    using connection = connectVolumes();
    await expect(connection.client.getVolume({ name: 'x' })).rejects.toMatchObject({
      reason: 'VOLUME_NOT_FOUND',
      kind: 'not_found',
      message: 'get x: no such volume',
    });
    await expect(connection.client.getVolume({ name: 'bug' })).rejects.toMatchObject({
      reason: 'INTERNAL',
      message: 'internal error: see the service log',
    });
    await expect(connection.client.releaseVolumes({})).rejects.toMatchObject({ reason: 'DISK_FULL' });
  });

  test('listens on a socket that only its owner and group can use, and replaces a stale one', async () => {
    const first = await startEcho();
    const path = resolvePaths(env).socket('volume-service');
    expect(statSync(path).mode & 0o777).toBe(0o660);
    await kill(first, 'SIGKILL');
    await startEcho();
    using connection = connectVolumes();
    await expect(connection.client.listVolumes({})).resolves.toEqual({ volumes: [] });
  });

  test('works on when its log is on a disk that is full', async () => {
    const full = openSync('/dev/full', 'w');
    const child = await startEcho(full).finally(() => closeSync(full));
    using connection = connectVolumes();
    for (let round = 0; round < 3; round++) {
      await expect(connection.client.getVolume({ name: 'bug' })).rejects.toMatchObject({ reason: 'INTERNAL' });
    }
    expect(await kill(child, 'SIGTERM')).toBe(0);
  });

  test('refuses to start beside a living one', async () => {
    await startEcho();
    const second = spawn(process.execPath, [join(import.meta.dirname, 'echo-service.ts')], { env, stdio: 'ignore' });
    await once(second, 'exit');
    expect(second.exitCode).toBe(1);
  });

  test('exits 1 when it cannot listen, whatever it has opened by then', async () => {
    const far = join(root, 'x'.repeat(100));
    const echo = join(import.meta.dirname, 'echo-service.ts');
    const child = spawn(process.execPath, [echo], {
      env: { ...env, BERTH_ROOT: far, ECHO_STAYS: '1' },
      stdio: 'ignore',
    });
    processes.push(child);
    await once(child, 'exit');
    expect(child.exitCode).toBe(1);
  });

  test('exits 0 on SIGTERM with what is still under way', async () => {
    env.ECHO_STAYS = '1';
    expect(await kill(await startEcho(), 'SIGTERM')).toBe(0);
  });

  test('lets a running call end on SIGTERM, cuts off a stuck one at the deadline, and exits 0', async () => {
    const child = await startEcho();
    using connection = connectVolumes();
    const slow = connection.client.getVolume({ name: 'slow' });
    const stuck = connection.client.getVolume({ name: 'stuck' }).catch((error: unknown) => error);
    await sleep(100);
    const exited = kill(child, 'SIGTERM');
    await expect(slow).resolves.toMatchObject({ volume: { name: 'slow' } });
    expect(await exited).toBe(0);
    expect(await stuck).toMatchObject({ reason: expect.stringMatching(/CANCELLED|SERVICE_UNAVAILABLE/) });
  }, 30_000);

  test('an unreachable one is SERVICE_UNAVAILABLE and names the socket', async () => {
    using connection = connectVolumes();
    await expect(connection.client.listVolumes({})).rejects.toMatchObject({
      reason: 'SERVICE_UNAVAILABLE',
      message: expect.stringContaining('volume-service.sock'),
    });
  });

  test('answers reflection', async () => {
    await startEcho();
    const client = new Client(`unix:${resolvePaths(env).socket('volume-service')}`, credentials.createInsecure());
    const raw = (bytes: Buffer) => bytes;
    const call = client.makeBidiStreamRequest('/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', raw, raw);
    // ServerReflectionRequest { list_services: "" }: field 7, length 0.
    call.write(Buffer.from([0x3a, 0x00]));
    const [reply] = (await once(call, 'data')) as [Buffer];
    call.cancel();
    call.on('error', () => {});
    client.close();
    expect(reply.toString('latin1')).toContain('berth.volume.v1.VolumeService');
  });
});

describe('events', () => {
  test('come in order with their attributes, also those of before NATS was there and of before a crash', async () => {
    const child = await startEcho();
    using connection = connectVolumes();
    for (const name of ['a', 'b']) await connection.client.createVolume({ name });
    await kill(child, 'SIGKILL');
    await startEcho();
    await connection.client.createVolume({ name: 'c' });
    await startNats();
    await connection.client.createVolume({ name: 'd' });

    const nats = await connectNats(readNatsEndpoint(resolvePaths(env).natsFile));
    const events = [];
    const signal = AbortSignal.timeout(20_000);
    await waitUntil(() =>
      nats
        .jetstreamManager()
        .then((m) => m.streams.info('BERTH_EVENTS'))
        .then(
          () => true,
          () => false,
        ),
    );
    for await (const { event, subject } of readEvents(nats, { since: new Date(0), signal })) {
      events.push({ id: event.objectId, subject: subject.split('.').slice(3).join('.'), ...event.attributes });
      if (events.length === 4) break;
    }
    await nats.close();
    expect(events).toEqual(
      ['a', 'b', 'c', 'd'].map((id) => ({ id, subject: 'volume-service.volume.create', driver: 'local' })),
    );
  }, 40_000);

  test('wait while NATS is away and are published once when it is back', async () => {
    const { child, port } = await startNats();
    await startEcho();
    using connection = connectVolumes();
    await connection.client.createVolume({ name: 'before' });
    await sleep(300);
    await kill(child, 'SIGKILL');
    await connection.client.createVolume({ name: 'while' });
    await startNats(port);
    const nats = await connectNats(readNatsEndpoint(resolvePaths(env).natsFile));
    const ids: string[] = [];
    const until = new Date(Date.now() + 6000);
    for await (const { event } of readEvents(nats, { until })) ids.push(event.objectId);
    for await (const { event } of readEvents(nats, { signal: AbortSignal.abort() })) ids.push(event.objectId);
    await nats.close();
    expect(ids).toEqual(['before', 'while']);
  }, 40_000);

  test('that are sent together come in their order, once, and none counts behind one that is refused', async () => {
    await startNats();
    await using nats = await connectToNats();
    const publisher = createAcknowledgedPublisher(nats.connection);
    const message = (id: string, text = id) => ({ subject: 'story.of', id, text });
    expect(await publisher.publish([message('early')])).toMatchObject({
      count: 0,
      refusal: { message: 'no event stream answers (503)' },
    });

    const manager = await nats.connection.jetstreamManager();
    await manager.streams.add({ name: 'STORY', subjects: ['story.*'], max_msg_size: 1000 });
    const many = Array.from({ length: 300 }, (_, index) => message(`${index}`));
    expect(await publisher.publish([])).toEqual({ count: 0, refusal: null });
    expect(await publisher.publish(many)).toEqual({ count: 300, refusal: null });
    const mixed = [message('299'), message('x'), message('long', '.'.repeat(2000)), message('y')];
    expect(await publisher.publish(mixed)).toMatchObject({
      count: 2,
      refusal: { message: 'the event stream refuses: message size exceeds maximum allowed' },
    });
    expect(await publisher.publish([message('y'), message('z')])).toEqual({ count: 2, refusal: null });

    const texts: string[] = [];
    const { messages } = (await manager.streams.info('STORY')).state;
    for (let seq = 1; seq <= messages; seq++) {
      texts.push((await manager.streams.getMessage('STORY', { seq })).string());
    }
    expect(texts).toEqual([...many.map(({ text }) => text), 'x', 'y', 'z']);
  }, 40_000);
});

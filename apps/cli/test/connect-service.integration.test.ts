import { afterEach, describe, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2';
import { join } from 'node:path';
import { BerthError } from '@berth/errors';
import { ContainerServiceDefinition, type RunContainerRequest } from '@berth/proto/container';
import { GetImageResponse, ImageServiceDefinition } from '@berth/proto/image';
import { VolumeServiceDefinition } from '@berth/proto/volume';
import { connectService } from '@berth/client/connect-service';
import { startFakeEngine, type FakeEngine, type FakeMethods } from './fake-services.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const resource of open.splice(0)) await resource[Symbol.asyncDispose]();
});

async function start(methods: FakeMethods): Promise<FakeEngine> {
  const engine = await startFakeEngine(methods);
  open.push(engine);
  return engine;
}

describe('unary calls', () => {
  test('carry request and response', async () => {
    const engine = await start({
      volume: {
        createVolume: async ({ name, labels }) => ({ volume: { name, labels, driver: 'local', mountpoint: '/ü' } }),
      },
    });
    using connection = connectService(VolumeServiceDefinition, engine.socket('volume-service'));
    const { volume } = await connection.client.createVolume({ name: 'data', labels: { a: 'b' } });
    expect(volume).toMatchObject({ name: 'data', labels: { a: 'b' }, driver: 'local', mountpoint: '/ü' });
  });

  test('reject with the reason and the text of the service', async () => {
    const text =
      'every printable octet: ' + String.fromCharCode(...Array.from({ length: 95 }, (_, i) => i + 32)) + ' ü…';
    const engine = await start({
      volume: {
        getVolume: async () => {
          throw new BerthError('VOLUME_NOT_FOUND', text);
        },
      },
    });
    using connection = connectService(VolumeServiceDefinition, engine.socket('volume-service'));
    await expect(connection.client.getVolume({ name: 'x' })).rejects.toMatchObject({
      name: 'BerthError',
      reason: 'VOLUME_NOT_FOUND',
      message: text,
    });
  });

  test('share one connection', async () => {
    const engine = await start({ volume: { getVolume: async ({ name }) => ({ volume: { name } }) } });
    using connection = connectService(VolumeServiceDefinition, engine.socket('volume-service'));
    const names = Array.from({ length: 100 }, (_, index) => `v${index}`);
    const volumes = await Promise.all(names.map((name) => connection.client.getVolume({ name })));
    expect(volumes.map(({ volume }) => volume?.name)).toEqual(names);
  });

  test('say what is wrong when nobody listens', async () => {
    using connection = connectService(VolumeServiceDefinition, '/tmp/berth-none/volume-service.sock');
    await expect(connection.client.listVolumes({})).rejects.toThrow(
      'cannot reach /tmp/berth-none/volume-service.sock: ENOENT',
    );
  });

  test('reach a socket whose path is too long for an address', async () => {
    const engine = await start({ volume: { getVolume: async ({ name }) => ({ volume: { name } }) } });
    const directory = join(engine.root, 'd'.repeat(100));
    mkdirSync(directory);
    symlinkSync(engine.socket('volume-service'), join(directory, 'volume-service.sock'));
    using connection = connectService(VolumeServiceDefinition, join(directory, 'volume-service.sock'));
    expect((await connection.client.getVolume({ name: 'x' })).volume?.name).toBe('x');
  });

  test('end when their signal is aborted', async () => {
    const engine = await start({ volume: { listVolumes: () => new Promise(() => undefined) } });
    using connection = connectService(VolumeServiceDefinition, engine.socket('volume-service'));
    const call = connection.client.listVolumes({}, { signal: AbortSignal.timeout(50) });
    await expect(call).rejects.toThrow('timeout');
  });
});

describe('streams', () => {
  test('carry more than the windows in both directions', async () => {
    let received = 0;
    const engine = await start({
      image: {
        importImage: async (requests) => {
          for await (const { part } of requests) if (part?.$case === 'data') received += part.value.length;
          return { image: { id: `sha256:${received}` } };
        },
        async *pullImage() {
          for (let i = 0; i < 3; i++) yield { event: { $case: 'done', value: { digest: 'x'.repeat(3_000_000) } } };
        },
      },
    });
    using connection = connectService(ImageServiceDefinition, engine.socket('image-service'));
    async function* parts() {
      for (let i = 0; i < 100; i++) yield { part: { $case: 'data' as const, value: Buffer.alloc(100_000) } };
    }
    const { image } = await connection.client.importImage(parts());
    expect(image?.id).toBe('sha256:10000000');
    const sizes: number[] = [];
    for await (const { event } of connection.client.pullImage({})) {
      if (event?.$case === 'done') sizes.push(event.value.digest.length);
    }
    expect(sizes).toEqual([3_000_000, 3_000_000, 3_000_000]);
  });

  test('let both sides speak in turn', async () => {
    const engine = await start({
      container: {
        async *runContainer(requests) {
          for await (const { request } of requests) {
            if (request?.$case === 'input' && request.value.input?.$case === 'stdin') {
              yield {
                event: { $case: 'output', value: { output: { $case: 'stdout', value: request.value.input.value } } },
              };
            }
          }
          yield { event: { $case: 'exited', value: { exitCode: 3 } } };
        },
      },
    });
    using connection = connectService(ContainerServiceDefinition, engine.socket('container-service'));
    let say: ((text: string | null) => void) | undefined;
    async function* requests() {
      for (;;) {
        const text = await new Promise<string | null>((resolve) => (say = resolve));
        if (text === null) return;
        yield stdin(text);
      }
    }
    const heard: string[] = [];
    const responses = connection.client.runContainer(requests());
    setTimeout(() => say?.('one'), 20);
    for await (const { event } of responses) {
      if (event?.$case === 'exited') heard.push(String(event.value.exitCode));
      if (event?.$case !== 'output') continue;
      const { output } = event.value;
      heard.push(output?.$case === 'stdout' ? output.value.toString() : 'no stdout');
      say?.(heard.length < 3 ? 'more' : null);
    }
    expect(heard).toEqual(['one', 'more', 'more', '3']);
  });

  test('do not let the peer send more than is read', async () => {
    let sent = 0;
    const engine = await start({
      image: {
        async *pullImage() {
          for (; sent < 200; sent++) yield { event: { $case: 'done', value: { digest: 'x'.repeat(100_000) } } };
        },
      },
    });
    using connection = connectService(ImageServiceDefinition, engine.socket('image-service'));
    let read = 0;
    for await (const _ of connection.client.pullImage({})) {
      read += 1;
      if (read === 1) await new Promise((resolve) => setTimeout(resolve, 300));
      if (read === 2) expect(sent).toBeLessThan(60);
    }
    expect(read).toBe(200);
  });

  test('tell the service when the reader leaves', async () => {
    let aborted: Promise<unknown> = Promise.reject(new Error('not called'));
    aborted.catch(() => undefined);
    const engine = await start({
      image: {
        async *pullImage(_request, { signal }) {
          aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
          yield {};
          await aborted;
        },
      },
    });
    using connection = connectService(ImageServiceDefinition, engine.socket('image-service'));
    for await (const _ of connection.client.pullImage({})) break;
    await aborted;
  });

  test('fail with what they have brought when the service dies', async () => {
    const engine = await startFakeEngine({
      image: {
        async *pullImage() {
          yield { event: { $case: 'done', value: { digest: 'x' } } };
          await new Promise(() => undefined);
        },
      },
    });
    using connection = connectService(ImageServiceDefinition, engine.socket('image-service'));
    const responses = connection.client.pullImage({})[Symbol.asyncIterator]();
    expect((await responses.next()).value).toMatchObject({ event: { value: { digest: 'x' } } });
    const failed = responses.next();
    failed.catch(() => undefined);
    await engine[Symbol.asyncDispose]();
    await expect(failed).rejects.toMatchObject({ name: 'BerthError' });
  });
});

test('a server that codes headers in other ways is understood', async () => {
  const directory = mkdtempSync('/tmp/berth-');
  const server = createServer();
  server.on('stream', (stream) => {
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'x-long': 'v'.repeat(40_000) },
      { waitForTrailers: true },
    );
    stream.on('wantTrailers', () =>
      stream.sendTrailers({
        'grpc-status': '5',
        'grpc-message': 'a%20b',
        'berth-reason': 'IMAGE_NOT_FOUND',
        'set-cookie': ['a', 'b'],
      }),
    );
    stream.end();
  });
  const socket = join(directory, 's.sock');
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  using connection = connectService(ImageServiceDefinition, socket);
  await expect(connection.client.getImage({})).rejects.toMatchObject({ reason: 'IMAGE_NOT_FOUND', message: 'a b' });
  connection.close();
  await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true });
});

describe('a client that stays', () => {
  test('connects again when the service has been away', async () => {
    const directory = mkdtempSync('/tmp/berth-');
    const socket = join(directory, 's.sock');
    using connection = connectService(ImageServiceDefinition, socket);
    for (const answer of ['first', 'second']) {
      const server = await answerAll(socket, answer);
      expect((await connection.client.getImage({})).image?.id).toBe(answer);
      server.sessions.forEach((session) => session.destroy());
      await new Promise((resolve) => server.http.close(resolve));
      await expect(connection.client.getImage({})).rejects.toMatchObject({ reason: 'SERVICE_UNAVAILABLE' });
    }
    rmSync(directory, { recursive: true });
  });

  test('goes on over a new connection when the service leaves the old one', async () => {
    const directory = mkdtempSync('/tmp/berth-');
    const socket = join(directory, 's.sock');
    const server = await answerAll(socket, 'x');
    using connection = connectService(ImageServiceDefinition, socket);
    await connection.client.getImage({});
    await new Promise<void>((resolve) => server.sessions[0]?.close(resolve));
    expect((await connection.client.getImage({})).image?.id).toBe('x');
    expect(server.sessions).toHaveLength(2);
    server.sessions.forEach((session) => session.destroy());
    await new Promise((resolve) => server.http.close(resolve));
    rmSync(directory, { recursive: true });
  });
});

/** A service that answers each call with an image of this id. */
async function answerAll(socket: string, id: string): Promise<{ http: Http2Server; sessions: ServerHttp2Session[] }> {
  const sessions: ServerHttp2Session[] = [];
  const http = createServer().on('session', (session) => sessions.push(session));
  const message = GetImageResponse.encode(GetImageResponse.fromPartial({ image: { id } })).finish();
  http.on('stream', (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]));
  });
  await new Promise<void>((resolve) => http.listen(socket, resolve));
  return { http, sessions };
}

function stdin(text: string): RunContainerRequest {
  return { request: { $case: 'input', value: { input: { $case: 'stdin', value: Buffer.from(text) } } } };
}

import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { connectService, type ServiceConnection } from '@berth/client';
import { ImageServiceDefinition } from '@berth/proto/image';
import {
  buildTestImage,
  findEngineProcesses,
  startTestEngine,
  waitFor,
  type TestBlob,
  type TestEngine,
  type TestImage,
} from '@berth/testkit';

const FILES = 40;

/** A registry that serves one image, and sends the first half of its layer until it is told to go on. */
interface SlowRegistry {
  readonly host: string;
  image: TestImage;
  /** What it sends as the layer. */
  layer: Buffer;
  requests: number;
  goOn: () => void;
  /** Breaks the connections on which it sends the layer. */
  breakOff: () => void;
}

let server: Server;
let registry: SlowRegistry;
let engine: TestEngine;
let connection: ServiceConnection<typeof ImageServiceDefinition>;
let state: string;

beforeAll(async () => {
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  engine = await startTestEngine({ only: ['registry-gateway', 'image-service'], busybox: false });
  state = engine.paths.serviceDir('image-service');
  connection = connectService(ImageServiceDefinition, engine.paths.socket('image-service'));
});
afterAll(async () => {
  connection.close();
  await engine.stop();
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  const content = () => randomBytes(50_000);
  const image = buildTestImage({
    layers: [Array.from({ length: FILES }, (_, at) => ({ path: `f${at}`, content: content() }))],
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  registry = { host, image, layer: layerOf(image).bytes, requests: 0, goOn: () => {}, breakOff: () => {} };
});
afterEach(async () => {
  const { client } = connection;
  for (const { id } of (await client.listImages({})).images) await client.deleteImage({ name: id, force: true });
  await waitFor(() => leftOver().length === 0, { what: 'an empty store' });
});

function layerOf(image: TestImage): TestBlob {
  return image.layers[0] as TestBlob;
}

function leftOver(): string[] {
  return ['layers', 'staging', 'trash/layers'].flatMap((dir) =>
    readdirSync(join(state, dir)).map((name) => join(dir, name)),
  );
}

function answer({ url = '', headers }: IncomingMessage, response: ServerResponse): void {
  const { image, layer } = registry;
  if (url.includes('/manifests/')) {
    const { mediaType, digest, bytes } = image.manifest;
    response.setHeader('content-type', mediaType).setHeader('docker-content-digest', digest).end(bytes);
    return;
  }
  if (url.endsWith(image.config.digest)) return void response.end(image.config.bytes);
  if (!url.endsWith(layerOf(image).digest)) return void response.writeHead(url === '/v2/' ? 200 : 404).end();
  registry.requests++;
  const start = Number(/bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0);
  const range = { 'content-range': `bytes ${start}-${layer.length - 1}/${layer.length}` };
  response.writeHead(start === 0 ? 200 : 206, {
    'content-length': layer.length - start,
    ...(start === 0 ? {} : range),
  });
  const half = Math.max(start, layer.length / 2);
  response.write(layer.subarray(start, half));
  registry.goOn = () => response.end(layer.subarray(half));
  registry.breakOff = () => response.destroy();
}

async function pull(): Promise<void> {
  for await (const event of connection.client.pullImage({ reference: `${registry.host}/slow/app:latest` })) void event;
}

/** How many files of the layer lie in a directory that is not in its place yet. */
function stagedFiles(): number {
  return readdirSync(join(state, 'staging')).reduce(
    (sum, name) => sum + readdirSync(join(state, 'staging', name)).length,
    0,
  );
}

async function untilHalfIsUnpacked(): Promise<void> {
  await waitFor(() => stagedFiles() > FILES / 4, { what: 'files of the first half' });
}

describe('a layer that comes slowly', () => {
  test('is unpacked while it comes, once for two pulls, and in its place when it is whole', async () => {
    const pulls = [pull(), pull()];
    await untilHalfIsUnpacked();
    expect(readdirSync(join(state, 'layers'))).toEqual([]);
    expect(readdirSync(join(state, 'staging'))).toHaveLength(1);
    registry.goOn();
    await Promise.all(pulls);
    const [name = ''] = readdirSync(join(state, 'layers'));
    expect(readdirSync(join(state, 'layers', name))).toHaveLength(FILES);
    expect(registry.requests).toBe(1);
  });

  test('goes on where it broke off', async () => {
    const pulling = pull();
    await untilHalfIsUnpacked();
    registry.breakOff();
    await waitFor(() => registry.requests === 2, { what: 'another request for the rest' });
    registry.goOn();
    await pulling;
    const [name = ''] = readdirSync(join(state, 'layers'));
    expect(readdirSync(join(state, 'layers', name))).toHaveLength(FILES);
  });

  test('leaves nothing when it turns out to be another', async () => {
    registry.layer = Buffer.concat([registry.layer.subarray(0, -4), Buffer.from('fake')]);
    const pulling = pull();
    pulling.catch(() => {});
    await untilHalfIsUnpacked();
    registry.goOn();
    await expect(pulling).rejects.toMatchObject({ reason: 'DIGEST_MISMATCH' });
    expect(leftOver()).toEqual([]);
  });

  test('leaves nothing when registry-gateway is killed, and the next pull continues it', async () => {
    const pulling = pull();
    pulling.catch(() => {});
    await untilHalfIsUnpacked();
    for (const { pid, commandLine } of findEngineProcesses(engine.root)) {
      if (commandLine.includes('registry-gateway')) process.kill(pid, 'SIGKILL');
    }
    await expect(pulling).rejects.toThrow();
    expect(leftOver()).toEqual([]);
    await engine.start();
    // The connection is made again within its backoff; what is there already is unpacked before the rest comes.
    const again = waitFor(
      () =>
        pull().then(
          () => true,
          () => false,
        ),
      { what: 'a pull through the gateway that is back' },
    );
    await waitFor(() => registry.requests === 2, { what: 'another request for the rest' });
    registry.goOn();
    await again;
  });
});

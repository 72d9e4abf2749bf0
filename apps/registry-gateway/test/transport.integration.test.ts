import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { MEDIA_TYPES, sha256Digest } from '@berth/oci';
import { createTransport, type HttpRequest, type Transport } from '../src/adapters/http/transport.ts';
import { createRegistryUnderTest, readAll, requestTo } from './registry-under-test.ts';
import { SELF_SIGNED } from './tls-fixture.ts';

const content = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [] }));
const answer: RequestListener = (request, response) => {
  response.writeHead(200, { 'content-type': MEDIA_TYPES.ociIndex, connection: request.headers.connection ?? 'close' });
  response.end(request.method === 'HEAD' ? undefined : content);
};

let servers: Server[];
let transport: Transport;
beforeEach(() => {
  servers = [];
  transport = createTransport({ connectTimeoutMs: 1000, stallTimeoutMs: 1000 });
});
afterEach(async () => {
  transport.close();
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function request(url: string, options: Partial<HttpRequest> = {}): HttpRequest {
  const signal = new AbortController().signal;
  return { method: 'GET', url: new URL(url), headers: {}, isInsecure: false, addressRule: null, signal, ...options };
}

const text = async (sent: HttpRequest) => (await readAll((await transport.send(sent)).body)).toString();

test('a certificate that cannot be verified is refused, unless the registry may be insecure', async () => {
  const port = await listen(createHttpsServer(SELF_SIGNED, answer));
  const url = `https://127.0.0.1:${port}/v2/`;
  expect(await text(request(url, { isInsecure: true }))).toBe(content.toString());
  // A connection of the other trust must not be used.
  await expect(transport.send(request(url))).rejects.toThrow(`Get "${url}": tls: failed to verify certificate: x509: `);
});

test('a loopback registry is asked over https before http', async () => {
  const port = await listen(createHttpsServer(SELF_SIGNED, answer));
  using underTest = createRegistryUnderTest();
  const resolved = await underTest.client.resolve(requestTo(`127.0.0.1:${port}`), { tag: 'v1', digest: null });
  expect(resolved.descriptor.digest).toBe(sha256Digest(content));
});

test('a server of http gives https no answer', async () => {
  const port = await listen(createHttpServer(answer));
  await expect(transport.send(request(`https://127.0.0.1:${port}/`))).rejects.toThrow(
    'http: server gave HTTP response to HTTPS client',
  );
});

test('what a name resolves to is checked, not only what it is', async () => {
  const port = await listen(createHttpServer(answer));
  const url = `http://localhost:${port}/`;
  expect(await text(request(url, { addressRule: { allowLoopback: true } }))).toBe(content.toString());
  const guarded = request(url, { addressRule: { allowLoopback: false } });
  await expect(transport.send(guarded)).rejects.toThrow('a registry must not send us to an address inside');
});

test.each(['http://127.0.0.1/', 'http://[::1]/', 'http://[::ffff:127.0.0.1]/', 'http://169.254.169.254/'])(
  'the address %s is refused where a registry names it',
  async (url) => {
    const guarded = request(url, { addressRule: { allowLoopback: false } });
    await expect(transport.send(guarded)).rejects.toThrow('a registry must not send us to an address inside');
  },
);

test('connections are used again, also after bodies that were discarded', async () => {
  const sockets = new Set<unknown>();
  const server = createHttpServer({ keepAlive: true }, (incoming, response) => {
    sockets.add(incoming.socket);
    response.writeHead(200, { 'content-length': content.byteLength });
    response.end(incoming.method === 'HEAD' ? undefined : content);
  });
  const url = `http://127.0.0.1:${await listen(server)}/`;
  for (let count = 0; count < 3; count++) {
    await transport.send(request(url, { method: 'HEAD' }));
    await text(request(url));
    (await transport.send(request(url))).discard();
    // The rest of a discarded body is read in the background.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(sockets.size).toBe(1);
});

test('a registry of many headers or a broken response is unavailable, not a crash', async () => {
  const server = createHttpServer((incoming, response) => {
    if (incoming.url === '/broken') return void incoming.socket.end('HTTP/1.1 banana\r\n\r\n');
    for (let index = 0; index < 500; index++) response.setHeader(`x-${index}`, 'y'.repeat(100));
    response.end();
  });
  const port = await listen(server);
  for (const path of ['broken', 'many']) {
    await expect(transport.send(request(`http://127.0.0.1:${port}/${path}`))).rejects.toThrow(
      `http://127.0.0.1:${port}`,
    );
  }
});

test('an aborted request rejects with the reason', async () => {
  const port = await listen(createHttpServer(() => {}));
  const abort = new AbortController();
  const sending = transport.send(request(`http://127.0.0.1:${port}/`, { signal: abort.signal }));
  abort.abort(new Error('no longer wanted'));
  await expect(sending).rejects.toThrow('no longer wanted');
  await expect(transport.send(request('http://127.0.0.1:1/', { signal: abort.signal }))).rejects.toThrow('wanted');
});

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { MANIFEST_MAX_BYTES, MEDIA_TYPES, sha256Digest } from '@berth/oci';
import { reasonOf } from '../src/content-store.contract.ts';
import { manifestAnswer, startHostileRegistry, type HostileRegistry } from './hostile-registry.ts';
import { createRegistryUnderTest, requestTo, type RegistryUnderTest } from './registry-under-test.ts';

const { ociManifest, ociIndex } = MEDIA_TYPES;
const blob = { mediaType: MEDIA_TYPES.ociConfig, digest: `sha256:${'a'.repeat(64)}`, size: 2 };
const content = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: ociManifest, config: blob, layers: [] }));
const digest = sha256Digest(content);
const v1 = { tag: 'v1', digest: null };

let registry: HostileRegistry;
let underTest: RegistryUnderTest;
beforeEach(async () => {
  registry = await startHostileRegistry();
  underTest = createRegistryUnderTest();
});
afterEach(async () => {
  underTest[Symbol.dispose]();
  await registry[Symbol.asyncDispose]();
});

const resolve = (name: { tag: string | null; digest: string | null } = v1) =>
  underTest.client.resolve(requestTo(registry.host), name);
const methods = () => registry.seen.map(({ method }) => method).join(' ');

describe('resolve', () => {
  test('needs only a HEAD', async () => {
    registry.answers.push(manifestAnswer('v1', `${ociManifest}; charset=utf-8`, content));
    expect(await resolve()).toEqual({
      descriptor: { digest, size: content.byteLength, mediaType: ociManifest },
      content: null,
    });
    expect(methods()).toBe('HEAD');
  });

  test('asks with GET where HEAD is not allowed', async () => {
    registry.answers.push(({ method }, response) => (method === 'HEAD' ? void response.writeHead(405).end() : false));
    registry.answers.push(manifestAnswer('v1', ociManifest, content));
    expect((await resolve()).content).toEqual(content);
    expect(methods()).toBe('HEAD GET');
  });

  test('hashes the body where the registry names no digest', async () => {
    registry.answers.push(manifestAnswer('v1', ociManifest, content, { 'docker-content-digest': '' }));
    expect((await resolve()).descriptor.digest).toBe(digest);
  });

  test.each(['application/json', 'text/plain; charset=utf-8', 'application/octet-stream'])(
    'reads the media type from the body of %s',
    async (type) => {
      registry.answers.push(manifestAnswer('v1', type, content));
      expect((await resolve()).descriptor.mediaType).toBe(ociManifest);
    },
  );

  test.each([
    ['a web page', 'text/html', Buffer.from('<html>'), 'MEDIA_TYPE_UNSUPPORTED'],
    ['schema 1', MEDIA_TYPES.dockerSchema1Signed, Buffer.from('{"schemaVersion":1}'), 'MEDIA_TYPE_UNSUPPORTED'],
    ['no JSON', 'application/json', Buffer.from('{'), 'MANIFEST_INVALID'],
  ])('refuses %s', async (_name, type, body, reason) => {
    registry.answers.push(manifestAnswer('v1', type, body));
    expect(await reasonOf(resolve())).toBe(reason);
  });

  test('says what Docker says when there is no such tag', async () => {
    const { host } = registry;
    registry.answers.push((_request, response) => {
      const body = { errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown', detail: { Tag: 'v1' } }] };
      response.writeHead(404, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    await expect(resolve()).rejects.toMatchObject({
      reason: 'MANIFEST_NOT_FOUND',
      message: `manifest for ${host}/a:v1 not found: manifest unknown: manifest unknown`,
    });
  });

  test('says what Docker says when nobody listens', async () => {
    const { host } = registry;
    await registry[Symbol.asyncDispose]();
    await expect(resolve()).rejects.toMatchObject({
      reason: 'REGISTRY_UNAVAILABLE',
      message: `Get "http://${host}/v2/": dial tcp ${host}: connect: connection refused`,
    });
  });
});

describe('a manifest', () => {
  const get = (wanted = digest) => underTest.client.getManifest(requestTo(registry.host), wanted);

  test('is verified by its digest', async () => {
    registry.answers.push(manifestAnswer('v1', ociManifest, content));
    expect(await get()).toEqual({ content, descriptor: { digest, size: content.byteLength, mediaType: ociManifest } });
  });

  test('of another digest is refused, whatever the header says', async () => {
    const wanted = sha256Digest(Buffer.from('wanted'));
    registry.answers.push((_request, response) => {
      response.writeHead(200, { 'content-type': ociManifest, 'docker-content-digest': wanted }).end(content);
    });
    expect(await reasonOf(get(wanted))).toBe('DIGEST_MISMATCH');
    expect(await reasonOf(resolve({ tag: null, digest: wanted }))).toBe('DIGEST_MISMATCH');
  });

  test('served as another type than its own is refused', async () => {
    registry.answers.push(manifestAnswer('v1', ociIndex, content));
    expect(await reasonOf(get())).toBe('MANIFEST_INVALID');
  });

  test.each([
    ['that says so', { 'content-length': String(5 * 1024 * 1024) }],
    ['that does not say so', { 'transfer-encoding': 'chunked' }],
  ])('of 5 MiB %s is not read', async (_name, headers) => {
    let sent = 0;
    registry.answers.push((_request, response) => {
      response.writeHead(200, { 'content-type': ociManifest, ...headers });
      const more = () => {
        for (let space = true; space && sent < 64 * 1024 * 1024; sent += 65_536)
          space = response.write(Buffer.alloc(65_536, ' '));
      };
      response.on('drain', more);
      more();
    });
    expect(await reasonOf(get())).toBe('MANIFEST_TOO_LARGE');
    expect(sent).toBeLessThan(MANIFEST_MAX_BYTES + 8 * 1024 * 1024);
  });

  test('that breaks off or stalls is unavailable', async () => {
    underTest = createRegistryUnderTest({ stallTimeoutMs: 100 });
    registry.answers.push(({ url }, response) => {
      response.writeHead(200, { 'content-type': ociManifest, 'content-length': 1000 });
      response.write('{');
      if (url.includes('/b/')) response.destroy();
    });
    expect(await reasonOf(get())).toBe('REGISTRY_UNAVAILABLE');
    const broken = underTest.client.getManifest(requestTo(registry.host, { path: 'b' }), digest);
    expect(await reasonOf(broken)).toBe('REGISTRY_UNAVAILABLE');
  });
});

describe('a registry that says nothing', () => {
  beforeEach(() => {
    underTest = createRegistryUnderTest({ stallTimeoutMs: 100 });
    registry.answers.push(() => true);
  });

  test('is unavailable after the timeout', async () => {
    await expect(resolve()).rejects.toMatchObject({
      reason: 'REGISTRY_UNAVAILABLE',
      message: expect.stringContaining('timeout exceeded while awaiting headers'),
    });
  });

  test('does not hold who gives up', async () => {
    underTest = createRegistryUnderTest({ stallTimeoutMs: 60_000 });
    const abort = new AbortController();
    const resolving = underTest.client.resolve(requestTo(registry.host, { signal: abort.signal }), v1);
    setTimeout(() => abort.abort(), 50);
    expect(await reasonOf(resolving)).toBe('CANCELLED');
  });
});

describe('a busy registry', () => {
  const busyTimes = (times: number, status: number, headers: Record<string, string>) => {
    let left = times;
    registry.answers.push((_request, response) =>
      left-- > 0 ? void response.writeHead(status, headers).end() : false,
    );
    registry.answers.push(manifestAnswer('v1', ociManifest, content));
  };

  test.each([429, 500, 502, 503, 504])('is asked again after status %i', async (status) => {
    busyTimes(2, status, {});
    expect((await resolve()).descriptor.digest).toBe(digest);
    expect(registry.seen.length).toBe(3);
  });

  test('decides how long to wait', async () => {
    busyTimes(1, 429, { 'retry-after': '1' });
    const started = performance.now();
    await resolve();
    expect(performance.now() - started).toBeGreaterThan(950);
  });

  test('is not waited for longer than 30 seconds', async () => {
    const message = 'You have reached your unauthenticated pull rate limit.';
    registry.answers.push((_request, response) => {
      const body = JSON.stringify({ errors: [{ code: 'TOOMANYREQUESTS', message }] });
      response.writeHead(429, { 'retry-after': '3600' }).end(body);
    });
    const { client } = underTest;
    expect(await reasonOf(resolve())).toBe('REGISTRY_RATE_LIMITED');
    await expect(client.getManifest(requestTo(registry.host), digest)).rejects.toThrow(`toomanyrequests: ${message}`);
    expect(registry.seen.length).toBe(2);
  });

  test('is given up after four times', async () => {
    busyTimes(100, 503, {});
    expect(await reasonOf(underTest.client.getManifest(requestTo(registry.host), digest))).toBe('REGISTRY_UNAVAILABLE');
    expect(registry.seen.length).toBe(4);
  });

  test('that closed an idle connection is asked again', async () => {
    busyTimes(0, 200, {});
    await resolve();
    let destroyed = false;
    registry.answers.unshift((_request, response) =>
      destroyed ? false : ((destroyed = true), void response.destroy()),
    );
    expect((await resolve()).descriptor.digest).toBe(digest);
  });
});

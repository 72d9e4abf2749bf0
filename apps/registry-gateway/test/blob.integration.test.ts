import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { sha256Digest } from '@berth/oci';
import { reasonOf } from '../src/content-store.contract.ts';
import type { RegistryCredentials } from '../src/registry-credentials.ts';
import { blobAnswer, startHostileRegistry, type HostileRegistry } from './hostile-registry.ts';
import { createRegistryUnderTest, readAll, requestTo, type RegistryUnderTest } from './registry-under-test.ts';

const content = Buffer.from('0123456789');
const digest = sha256Digest(content);
const registryToken: RegistryCredentials = { kind: 'registry-token', token: 'secret' };

let registry: HostileRegistry;
let underTest: RegistryUnderTest;
beforeEach(async () => {
  registry = await startHostileRegistry();
  underTest = createRegistryUnderTest({ stallTimeoutMs: 500 });
});
afterEach(async () => {
  underTest[Symbol.dispose]();
  await registry[Symbol.asyncDispose]();
});

const getBlob = (offset = 0, credentials: RegistryCredentials | null = null) =>
  underTest.client.getBlob(requestTo(registry.host, { credentials }), digest, offset);
const readBlob = async (offset = 0, credentials: RegistryCredentials | null = null) =>
  (await readAll((await getBlob(offset, credentials))?.body)).toString();

describe('a blob', () => {
  test('comes whole, or from an offset on', async () => {
    registry.answers.push(blobAnswer(digest, content));
    expect(await getBlob()).toMatchObject({ offset: 0, size: 10 });
    expect(await readBlob()).toBe('0123456789');
    expect(await getBlob(4)).toMatchObject({ offset: 4, size: 10 });
    expect(await readBlob(4)).toBe('456789');
    expect(registry.seen.map(({ range }) => range)).toEqual([null, null, 'bytes=4-', 'bytes=4-']);
  });

  test('comes whole from a registry that knows no ranges', async () => {
    registry.answers.push((_request, response) => void response.end(content));
    expect(await getBlob(4)).toMatchObject({ offset: 0 });
  });

  test('has nothing beyond its end', async () => {
    registry.answers.push((_request, response) => void response.writeHead(416).end());
    expect(await getBlob(10)).toBeNull();
  });

  test.each([
    ['of another offset', { 'content-range': 'bytes 2-9/10' }],
    ['without its range', {}],
    ['of a range that makes no sense', { 'content-range': 'bytes 4-99/10' }],
    ['that is compressed', { 'content-range': 'bytes 4-9/10', 'content-encoding': 'gzip' }],
  ])('%s is refused', async (_name, headers) => {
    registry.answers.push((_request, response) => void response.writeHead(206, headers).end(content));
    expect(await reasonOf(getBlob(4))).toBe('REGISTRY_PROTOCOL');
  });

  test.each([
    ['breaks off', (end: () => void) => end()],
    ['stalls', () => {}],
  ])('that %s is unavailable', async (_name, then) => {
    registry.answers.push((_request, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('01234', () => then(() => response.destroy()));
    });
    const blob = await getBlob();
    expect(await reasonOf(readAll(blob?.body))).toBe('REGISTRY_UNAVAILABLE');
  });

  test('that drips is not a stall', async () => {
    registry.answers.push((_request, response) => {
      response.writeHead(200, { 'content-length': 10 });
      let sent = 0;
      const timer = setInterval(() => {
        response.write(content.subarray(sent, ++sent));
        if (sent === 10) clearInterval(timer);
      }, 100);
    });
    expect(await readBlob()).toBe('0123456789');
  });

  test('that nobody wants any more is cancelled', async () => {
    registry.answers.push(
      (_request, response) => void response.writeHead(200, { 'content-length': 10 }).write('01234'),
    );
    const abort = new AbortController();
    const blob = await underTest.client.getBlob(requestTo(registry.host, { signal: abort.signal }), digest, 0);
    setTimeout(() => abort.abort(), 50);
    expect(await reasonOf(readAll(blob?.body))).toBe('CANCELLED');
  });

  test('that is not there is not found', async () => {
    expect(await reasonOf(getBlob())).toBe('BLOB_NOT_FOUND');
  });
});

describe('a redirect', () => {
  let cdn: HostileRegistry;
  beforeEach(async () => {
    cdn = await startHostileRegistry(blobAnswer(digest, content));
  });
  afterEach(async () => {
    await cdn[Symbol.asyncDispose]();
  });

  const redirectTo = (location: () => string, status = 307) =>
    registry.answers.push(({ url, authorization }, response) => {
      if (!url.startsWith('/v2/a/')) return false;
      if (authorization === null) return void response.writeHead(401, { 'www-authenticate': 'Bearer realm="x"' }).end();
      return void response.writeHead(status, { location: location() }).end();
    });

  test.each([301, 302, 303, 307, 308])(
    'of status %i is followed to another host without the authorization',
    async (status) => {
      redirectTo(() => `http://${cdn.host}/x/blobs/${digest}?signature=1`, status);
      expect(await readBlob(3, registryToken)).toBe('3456789');
      expect(cdn.seen).toMatchObject([{ authorization: null, range: 'bytes=3-' }]);
      expect(registry.seen.at(-1)?.authorization).toBe('Bearer secret');
    },
  );

  test('within the registry keeps the authorization', async () => {
    redirectTo(() => `/elsewhere/blobs/${digest}`);
    registry.answers.push(blobAnswer(digest, content));
    expect(await readBlob(0, registryToken)).toBe('0123456789');
    expect(registry.seen.at(-1)).toMatchObject({ authorization: 'Bearer secret', url: `/elsewhere/blobs/${digest}` });
  });

  test('that comes back from another host does not bring the authorization back', async () => {
    cdn.answers.unshift((_request, response) => {
      response.writeHead(302, { location: `http://${registry.host}/elsewhere/blobs/${digest}` }).end();
    });
    redirectTo(() => `http://${cdn.host}/x`);
    registry.answers.push(blobAnswer(digest, content));
    await readBlob(0, registryToken);
    expect(registry.seen.at(-1)).toMatchObject({ authorization: null });
  });

  test('to a host that asks who we are gets no answer', async () => {
    cdn.answers.unshift(
      (_request, response) => void response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end(),
    );
    redirectTo(() => `http://${cdn.host}/x`);
    expect(await reasonOf(getBlob(0, registryToken))).toBe('REGISTRY_UNAUTHORIZED');
    expect(cdn.seen.length).toBe(1);
  });

  test('in a circle ends', async () => {
    redirectTo(() => `/v2/a/blobs/${digest}`);
    await expect(getBlob(0, registryToken)).rejects.toMatchObject({
      reason: 'REGISTRY_UNAVAILABLE',
      message: expect.stringContaining('stopped after 10 redirects'),
    });
  });

  test.each([
    ['the metadata of a cloud', 'http://169.254.169.254/latest/meta-data'],
    ['a file', 'file:///etc/passwd'],
  ])('to %s is refused', async (_name, location) => {
    redirectTo(() => location);
    await expect(getBlob(0, registryToken)).rejects.toThrow('refusing');
  });
});

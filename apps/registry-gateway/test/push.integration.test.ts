import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { MEDIA_TYPES, sha256Digest } from '@berth/oci';
import { createMemoryBlobSources } from '../src/adapters/memory-blob-sources.ts';
import { createMemoryContentStore } from '../src/adapters/memory-content-store.ts';
import { reasonOf } from '../src/content-store.contract.ts';
import type { RegistryRequest } from '../src/ports.ts';
import { createPushBlob, type PushedBlob, type PushEvent } from '../src/push-blob.ts';
import { createPushManifest } from '../src/push-manifest.ts';
import { createRegistryUnderTest, requestTo, type RegistryUnderTestOptions } from './registry-under-test.ts';
import { startUploadRegistry } from './upload-registry.ts';

const CONTENT = Buffer.alloc(3_000_000, 'content ');
const descriptor = { mediaType: MEDIA_TYPES.ociLayerGzip, digest: sha256Digest(CONTENT), size: CONTENT.byteLength };
const key = (repository: string) => `${repository} ${descriptor.digest}`;

/** The use cases over the real HTTP client, with the content in the store. */
async function startPushing(options: RegistryUnderTestOptions = {}) {
  const underTest = createRegistryUnderTest(options);
  const store = createMemoryContentStore();
  await using ingest = await store.ingest({ digest: null, size: null, isResumable: false });
  await ingest.write(CONTENT);
  await ingest.commit({ mediaType: descriptor.mediaType, digest: null, size: null, lease: null });
  // Small pieces, as a file would give.
  const read = async function* (digest: string, offset: number) {
    for await (const bytes of store.read(digest, offset)) {
      for (let at = 0; at < bytes.byteLength; at += 100_000) yield bytes.subarray(at, at + 100_000);
    }
  };
  const { pusher: registry } = underTest;
  const pushBlob = createPushBlob({
    ...{ store: { ...store, read }, registry, sources: createMemoryBlobSources(), retryDelayMs: 1 },
  });
  return {
    pushBlob: (request: RegistryRequest, blob = descriptor) => outcomeOf(pushBlob({ ...request, descriptor: blob })),
    pushManifest: createPushManifest({ store, registry }),
    [Symbol.dispose]: () => underTest[Symbol.dispose](),
  };
}

async function outcomeOf(events: AsyncIterable<PushEvent>): Promise<PushedBlob | null> {
  let last: PushEvent | null = null;
  for await (const event of events) last = event;
  return last?.kind === 'pushed' ? last.blob : null;
}

describe('a blob', () => {
  test('is uploaded once, and taken from another repository afterwards', async () => {
    await using registry = await startUploadRegistry();
    using pushing = await startPushing();
    expect(await pushing.pushBlob(requestTo(registry.host))).toEqual({ how: 'uploaded' });
    expect(await pushing.pushBlob(requestTo(registry.host))).toEqual({ how: 'existed' });
    expect(await pushing.pushBlob(requestTo(registry.host, { path: 'b/c' }))).toEqual({ how: 'mounted', from: 'a' });
    expect(registry.blobs.get(key('b/c'))?.equals(CONTENT)).toBe(true);
    expect(registry.receivedBytes()).toBe(CONTENT.byteLength);
  });

  test('that the other repository does not have any more is uploaded, over the upload that was begun', async () => {
    await using registry = await startUploadRegistry();
    using pushing = await startPushing();
    await pushing.pushBlob(requestTo(registry.host));
    registry.blobs.clear();
    expect(await pushing.pushBlob(requestTo(registry.host, { path: 'b' }))).toEqual({ how: 'uploaded' });
    expect(registry.seen.filter((line) => line === 'POST /v2/b/blobs/uploads/')).toHaveLength(1);
    expect(registry.open.size).toBe(0);
  });

  test('that nobody has fails, and begins no upload', async () => {
    await using registry = await startUploadRegistry();
    using pushing = await startPushing();
    const other = { ...descriptor, digest: sha256Digest(Buffer.from('other')) };
    expect(await reasonOf(pushing.pushBlob(requestTo(registry.host), other))).toBe('BLOB_NOT_FOUND');
    expect(registry.open.size).toBe(0);
  });

  test('goes on where the connection broke, where the registry can', async () => {
    await using registry = await startUploadRegistry({ isResumable: true, breaks: [1_500_000, 500_000] });
    using pushing = await startPushing();
    expect(await pushing.pushBlob(requestTo(registry.host))).toEqual({ how: 'uploaded' });
    expect(registry.blobs.get(key('a'))?.equals(CONTENT)).toBe(true);
    expect(registry.receivedBytes()).toBe(CONTENT.byteLength);
    expect(registry.seen).toContain('PATCH /v2/a/uploads/1');
  });

  test('begins anew where the registry cannot', async () => {
    await using registry = await startUploadRegistry({ breaks: [1_500_000, 1_000_000] });
    using pushing = await startPushing();
    expect(await pushing.pushBlob(requestTo(registry.host))).toEqual({ how: 'uploaded' });
    expect(registry.blobs.get(key('a'))?.equals(CONTENT)).toBe(true);
    expect(registry.open.size).toBe(0);
  });

  test('that breaks off again and again is given up', async () => {
    await using registry = await startUploadRegistry({ breaks: Array.from({ length: 50 }, () => 1000) });
    using pushing = await startPushing();
    expect(await reasonOf(pushing.pushBlob(requestTo(registry.host)))).toBe('REGISTRY_UNAVAILABLE');
    expect(registry.seen.filter((line) => line.startsWith('PUT'))).toHaveLength(5);
  });

  test('whose answer is lost is not sent again', async () => {
    await using registry = await startUploadRegistry({ lostAnswers: 1 });
    using pushing = await startPushing();
    expect(await pushing.pushBlob(requestTo(registry.host))).toEqual({ how: 'uploaded' });
    expect(registry.receivedBytes()).toBe(CONTENT.byteLength);
  });

  test('may take as long as something goes', async () => {
    await using registry = await startUploadRegistry({ pauseMs: 5 });
    using pushing = await startPushing({ stallTimeoutMs: 100 });
    expect(await pushing.pushBlob(requestTo(registry.host))).toEqual({ how: 'uploaded' });
  });

  test('that a lying registry keeps as something else is an error', async () => {
    await using registry = await startUploadRegistry({ isLying: true });
    using pushing = await startPushing();
    expect(await reasonOf(pushing.pushBlob(requestTo(registry.host)))).toBe('DIGEST_MISMATCH');
  });

  test('pushed twice at a time goes once', async () => {
    await using registry = await startUploadRegistry();
    using pushing = await startPushing();
    const both = [pushing.pushBlob(requestTo(registry.host)), pushing.pushBlob(requestTo(registry.host))];
    expect(await Promise.all(both)).toEqual([{ how: 'uploaded' }, { how: 'existed' }]);
  });

  test('whose push is cancelled is cancelled at the registry', async () => {
    await using registry = await startUploadRegistry({ pauseMs: 50 });
    using pushing = await startPushing();
    const stop = new AbortController();
    const pushed = pushing.pushBlob(requestTo(registry.host, { signal: stop.signal }));
    while (registry.receivedBytes() === 0) await sleep(5);
    stop.abort();
    await expect(pushed).rejects.toBe(stop.signal.reason);
    while (registry.open.size > 0) await sleep(5);
    expect(registry.seen.at(-1)).toBe('DELETE /v2/a/uploads/1');
    expect(registry.blobs.size).toBe(0);
  });

  test('is not sent to where a registry must not send us', async () => {
    await using registry = await startUploadRegistry({ uploadOrigin: 'http://169.254.169.254' });
    using pushing = await startPushing();
    await expect(pushing.pushBlob(requestTo(registry.host))).rejects.toMatchObject({
      reason: 'REGISTRY_UNAVAILABLE',
      message: expect.stringContaining('refusing to go on with an upload at http://169.254.169.254'),
    });
  });
});

describe('a refusal', () => {
  const refusing = (status: number, code: string, message: string) =>
    startUploadRegistry({
      answer(request, response) {
        if (request.method === 'HEAD') return false;
        response.writeHead(status).end(JSON.stringify({ errors: [{ code, message }] }));
        return true;
      },
    });

  test.each([
    [403, 'DENIED', 'requested access to the resource is denied', 'REGISTRY_DENIED'],
    [401, 'UNAUTHORIZED', 'authentication required', 'REGISTRY_UNAUTHORIZED'],
    [404, 'NAME_UNKNOWN', 'repository name not known to registry', 'REGISTRY_REFUSED'],
    [400, 'SIZE_INVALID', 'quota exceeded', 'REGISTRY_REFUSED'],
  ])('with %i %s is told as Docker tells it', async (status, code, message, reason) => {
    await using registry = await refusing(status, code, message);
    using pushing = await startPushing();
    await expect(pushing.pushBlob(requestTo(registry.host))).rejects.toMatchObject({
      reason,
      message: `${code.toLowerCase().replace('_', ' ')}: ${message}`,
    });
  });

  test('without a text names the status', async () => {
    await using registry = await startUploadRegistry({
      answer: (_request, response) => (response.writeHead(418).end(), true),
    });
    using pushing = await startPushing();
    await expect(pushing.pushBlob(requestTo(registry.host))).rejects.toThrow(
      "received unexpected HTTP status: 418 I'm a Teapot",
    );
  });
});

describe('a token', () => {
  test('is asked for the right to push, and to read where a blob is taken from', async () => {
    const scopes: string[][] = [];
    await using registry = await startUploadRegistry({
      answer(request, response) {
        if (request.url?.startsWith('/token')) {
          scopes.push(new URL(request.url, 'http://x').searchParams.getAll('scope'));
          response.end('{"token":"t"}');
          return true;
        }
        if (request.headers.authorization === 'Bearer t') return false;
        const challenge = `Bearer realm="http://${request.headers.host}/token",scope="repository:a:pull"`;
        response.writeHead(401, { 'www-authenticate': challenge }).end();
        return true;
      },
    });
    using pushing = await startPushing();
    await pushing.pushBlob(requestTo(registry.host));
    await pushing.pushBlob(requestTo(registry.host, { path: 'b' }));
    expect(scopes).toEqual([
      ['repository:a:pull', 'repository:a:pull,push'],
      ['repository:a:pull', 'repository:b:pull,push'],
      // To take it from `a`: the right to read there is asked for already.
      ['repository:a:pull', 'repository:b:pull,push'],
    ]);
  });
});

describe('a manifest', () => {
  const content = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociManifest, config: {}, layers: [] }),
  );
  const manifest = { tag: 'v1', mediaType: MEDIA_TYPES.ociManifest, content };

  test('gets its tag', async () => {
    await using registry = await startUploadRegistry();
    using pushing = await startPushing();
    const { digest } = await pushing.pushManifest(requestTo(registry.host), manifest);
    expect(digest).toBe(sha256Digest(content));
    expect(registry.manifests.get('a v1')).toEqual(content);
  });

  test('that a lying registry keeps as something else is an error', async () => {
    await using registry = await startUploadRegistry({ isLying: true });
    using pushing = await startPushing();
    expect(await reasonOf(pushing.pushManifest(requestTo(registry.host), manifest))).toBe('DIGEST_MISMATCH');
  });

  test.each([
    ['a tag that is none', { tag: 'a b' }, 'REFERENCE_INVALID'],
    ['what is no manifest', { content: Buffer.from('{}') }, 'MANIFEST_INVALID'],
  ])('refuses %s', async (_name, change, reason) => {
    using pushing = await startPushing();
    expect(await reasonOf(pushing.pushManifest(requestTo('127.0.0.1:1'), { ...manifest, ...change }))).toBe(reason);
  });
});

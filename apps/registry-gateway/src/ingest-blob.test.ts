import { beforeEach, expect, test } from '@jest/globals';
import { BerthError } from '@berth/errors';
import { sha256Digest } from '@berth/oci';
import { createMemoryContentStore } from './adapters/memory-content-store.ts';
import { reasonOf } from './content-store.contract.ts';
import { createIngestBlob, type IngestBlobRequest } from './ingest-blob.ts';
import type { ContentStore, FileRange } from './ports.ts';

const content = Buffer.from('content');
const digest = sha256Digest(content);

let store: ContentStore;
beforeEach(() => {
  store = createMemoryContentStore();
});

async function* dataOf(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

async function* readFile({ path, offset, size }: FileRange): AsyncGenerator<Uint8Array> {
  if (path !== '/file') throw new BerthError('BLOB_NOT_FOUND', `there is no file ${path}`);
  yield Buffer.from('a content, and more').subarray(offset, offset + size);
}

function ingest(request: Partial<IngestBlobRequest>) {
  const { signal } = new AbortController();
  const data = dataOf(content.subarray(0, 3), content.subarray(3));
  return createIngestBlob(
    store,
    readFile,
  )({ mediaType: 'layer', digest: null, lease: 'image:a', data, signal, ...request });
}

test('keeps content under its lease', async () => {
  expect(await ingest({})).toMatchObject({ digest, size: 7, mediaType: 'layer' });
  expect(await reasonOf(store.remove(digest))).toBe('BLOB_IN_USE');
});

test('keeps a part of a file', async () => {
  expect(await ingest({ data: { path: '/file', offset: 2, size: 7 } })).toMatchObject({ digest, size: 7 });
  expect(await reasonOf(ingest({ data: { path: '/gone', offset: 0, size: 7 } }))).toBe('BLOB_NOT_FOUND');
});

test('stores nothing of another digest', async () => {
  expect(await reasonOf(ingest({ digest: sha256Digest(Buffer.from('other')) }))).toBe('DIGEST_MISMATCH');
  expect(await store.get(digest)).toBeNull();
});

test('a stream that fails leaves nothing', async () => {
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield content;
    throw new Error('gone');
  }
  await expect(ingest({ data: failing() })).rejects.toThrow('gone');
  expect((await store.list({ after: null, limit: 1 })).items).toEqual([]);
});

test('a caller that breaks off leaves nothing, whatever has come', async () => {
  const signal = AbortSignal.abort(new Error('gone'));
  await expect(ingest({ signal })).rejects.toThrow('gone');
  expect(await store.get(digest)).toBeNull();
});

test.each([
  [{ mediaType: '' }, 'INVALID_ARGUMENT'],
  [{ lease: '' }, 'INVALID_ARGUMENT'],
  [{ lease: 'a b' }, 'INVALID_ARGUMENT'],
  [{ lease: 'x'.repeat(256) }, 'INVALID_ARGUMENT'],
  [{ digest: 'sha256:../../etc/passwd' }, 'DIGEST_INVALID'],
])('refuses %j', async (request, reason) => {
  expect(await reasonOf(ingest(request))).toBe(reason);
});

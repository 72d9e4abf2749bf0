import { beforeEach, describe, expect, test } from '@jest/globals';
import { BerthError } from '@berth/errors';
import { sha256Digest } from '@berth/oci';
import { createMemoryContentStore } from './adapters/memory-content-store.ts';
import { createMemoryRegistryClient, type AnswerBlob } from './adapters/memory-registry-client.ts';
import { reasonOf } from './content-store.contract.ts';
import { downloadBlob } from './download-blob.ts';
import type { BlobResponse, ContentStore } from './ports.ts';

const SIZE = 300_000;
const CONTENT = Buffer.from(Array.from({ length: SIZE }, (_, index) => index % 251));
const DIGEST = sha256Digest(CONTENT);
const repository = { domain: 'registry.test', path: 'a' };

let store: ContentStore;
beforeEach(() => {
  store = createMemoryContentStore();
});

function download(answerBlob: AnswerBlob, { size = SIZE, signal = new AbortController().signal } = {}) {
  const registry = createMemoryRegistryClient({ answerBlob });
  const progress: number[] = [];
  const opened: string[] = [];
  const blob = downloadBlob(
    { store, registry, retryDelayMs: 0 },
    {
      repository,
      credentials: null,
      descriptor: { digest: DIGEST, size, mediaType: 'layer' },
      signal,
      onOpened: (path) => opened.push(path),
      onProgress: (bytes) => progress.push(bytes),
    },
  );
  return { blob, requests: registry.requests, progress, opened };
}

/** Sends bytes from `start` to `end`, then ends or breaks. */
function send(
  start: number,
  end: number,
  { breaks = false, size = SIZE as number | null, of = CONTENT } = {},
): BlobResponse {
  async function* body(): AsyncGenerator<Uint8Array> {
    for (let at = start; at < end; at += 70_000) yield of.subarray(at, Math.min(end, at + 70_000));
    if (breaks) throw unavailable();
  }
  return { offset: start, size, body: body() };
}

function unavailable(): BerthError {
  return new BerthError('REGISTRY_UNAVAILABLE', 'unexpected EOF');
}

async function partialSize(): Promise<number> {
  const ingest = await store.ingest({ digest: DIGEST, size: null, isResumable: true });
  const { offset } = ingest;
  await ingest.suspend();
  return offset;
}

async function leavePartial(content: Buffer): Promise<void> {
  const ingest = await store.ingest({ digest: DIGEST, size: null, isResumable: true });
  await ingest.write(content);
  await ingest.suspend();
}

describe('a download', () => {
  test('stores the blob and tells how far it is', async () => {
    const { blob, requests, progress } = download((offset) => send(offset, SIZE));
    expect(await blob).toMatchObject({ digest: DIGEST, size: SIZE, mediaType: 'layer' });
    expect(requests).toEqual(['blob 0']);
    expect(progress).toEqual([0, 70_000, 140_000, 210_000, 280_000, 300_000]);
  });

  test('goes on where the registry broke off', async () => {
    const { blob, requests } = download((offset) => send(offset, Math.min(SIZE, offset + 100_000), { breaks: true }));
    expect((await blob).size).toBe(SIZE);
    expect(requests).toEqual(['blob 0', 'blob 100000', 'blob 200000']);
  });

  test('goes on after a body that ended early', async () => {
    const { blob, requests } = download((offset) => send(offset, Math.min(SIZE, offset + 200_000)));
    expect((await blob).size).toBe(SIZE);
    expect(requests).toEqual(['blob 0', 'blob 200000']);
  });

  test('reads again what is there from a registry that cannot resume', async () => {
    await leavePartial(CONTENT.subarray(0, 123_456));
    const { blob, requests } = download(() => send(0, SIZE));
    expect((await blob).digest).toBe(DIGEST);
    expect(requests).toEqual(['blob 123456']);
  });

  test('gives up after three failures in a row without progress, and keeps what it has', async () => {
    const { blob, requests } = download((offset) =>
      offset === 0 ? send(0, 100_000, { breaks: true }) : send(offset, offset + 10, { breaks: true }),
    );
    expect(await reasonOf(blob)).toBe('REGISTRY_UNAVAILABLE');
    expect(requests.length).toBe(5);
    expect(await partialSize()).toBe(100_040);
  });

  test('that is refused before its first byte fails at once', async () => {
    const { blob, requests } = download(() => {
      throw unavailable();
    });
    expect(await reasonOf(blob)).toBe('REGISTRY_UNAVAILABLE');
    expect(requests).toEqual(['blob 0']);
  });

  test('goes on when the registry is away for a moment', async () => {
    let calls = 0;
    const { blob } = download((offset) => {
      calls++;
      if (calls === 2) throw unavailable();
      return send(offset, Math.min(SIZE, offset + 150_000), { breaks: true });
    });
    expect((await blob).size).toBe(SIZE);
  });

  test('continues what an earlier one left', async () => {
    await leavePartial(CONTENT.subarray(0, 200_000));
    const { blob, requests, progress } = download((offset) => send(offset, SIZE));
    expect((await blob).size).toBe(SIZE);
    expect(requests).toEqual(['blob 200000']);
    expect(progress[0]).toBe(200_000);
  });

  test('asks nobody when all is there already', async () => {
    await leavePartial(CONTENT);
    const { blob, requests } = download(() => null);
    expect((await blob).size).toBe(SIZE);
    expect(requests).toEqual([]);
  });

  test.each([
    ['wrong', Buffer.alloc(200_000)],
    ['too long', Buffer.alloc(SIZE + 1)],
  ])('begins again when the earlier part is %s', async (_name, part) => {
    await leavePartial(part);
    const { blob, opened } = download((offset) => send(offset, SIZE));
    expect((await blob).digest).toBe(DIGEST);
    expect(opened[0]).toBe(`/memory/ingest/${DIGEST}`);
  });

  test('of other content stores and keeps nothing', async () => {
    const { blob } = download((offset) => send(offset, SIZE, { of: Buffer.alloc(SIZE) }));
    expect(await reasonOf(blob)).toBe('DIGEST_MISMATCH');
    expect(await store.get(DIGEST)).toBeNull();
    expect(await partialSize()).toBe(0);
  });

  test('refuses a registry that says another size', async () => {
    const { blob } = download((offset) => send(offset, SIZE, { size: SIZE - 1 }));
    expect(await reasonOf(blob)).toBe('SIZE_MISMATCH');
  });

  test('stops at the first byte too much', async () => {
    const { blob, progress } = download((offset) => send(offset, 280_000, { size: null }), { size: 100_000 });
    expect(await reasonOf(blob)).toBe('SIZE_MISMATCH');
    expect(Math.max(...progress)).toBeLessThanOrEqual(100_000);
    expect(await partialSize()).toBe(0);
  });

  test('takes the size from the registry when nobody knows it, and needs one', async () => {
    expect((await download((offset) => send(offset, SIZE), { size: 0 }).blob).size).toBe(SIZE);
    store = createMemoryContentStore();
    const { blob } = download((offset) => send(offset, SIZE, { size: null }), { size: 0 });
    expect(await reasonOf(blob)).toBe('REGISTRY_PROTOCOL');
  });

  test('that is aborted keeps what it has', async () => {
    const abort = new AbortController();
    async function* body(): AsyncGenerator<Uint8Array> {
      yield CONTENT.subarray(0, 1000);
      abort.abort();
      throw new BerthError('CANCELLED', 'cancelled');
    }
    const { blob } = download(() => ({ offset: 0, size: SIZE, body: body() }), { signal: abort.signal });
    expect(await reasonOf(blob)).toBe('CANCELLED');
    expect(await partialSize()).toBe(1000);
  });
});

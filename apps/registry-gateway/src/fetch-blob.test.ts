import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { BerthError } from '@berth/errors';
import { sha256Digest } from '@berth/oci';
import { createMemoryBlobSources } from './adapters/memory-blob-sources.ts';
import { createMemoryContentStore } from './adapters/memory-content-store.ts';
import { createMemoryRegistryClient, type MemoryRegistryClient } from './adapters/memory-registry-client.ts';
import { reasonOf } from './content-store.contract.ts';
import { createFetchBlob, type FetchBlob, type FetchEvent } from './fetch-blob.ts';
import type { ContentStore } from './ports.ts';
import { createSlots } from './slots.ts';

const CONTENT = Buffer.alloc(200_000, 'x');
const DIGEST = sha256Digest(CONTENT);
const never = new AbortController().signal;

let store: ContentStore;
let registry: MemoryRegistryClient;
let fetchBlob: FetchBlob;
/** Lets the second half of every body through. */
let open: () => void;

beforeEach(() => {
  store = createMemoryContentStore();
  const gate = Promise.withResolvers<void>();
  open = gate.resolve;
  registry = createMemoryRegistryClient({
    answerBlob(offset, { repository, signal }) {
      if (repository.path === 'private') throw new BerthError('REGISTRY_DENIED', 'denied');
      return { offset, size: CONTENT.byteLength, body: body(offset, signal, gate.promise) };
    },
  });
  fetchBlob = createFetchBlob({
    store,
    registry,
    sources: createMemoryBlobSources(),
    slots: createSlots(2),
    retryDelayMs: 0,
  });
});

async function* body(offset: number, signal: AbortSignal, gate: Promise<void>): AsyncGenerator<Uint8Array> {
  yield CONTENT.subarray(offset, Math.max(offset, 100_000));
  const aborted = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => aborted.reject(new BerthError('CANCELLED', 'cancelled')));
  await Promise.race([gate, aborted.promise]);
  yield CONTENT.subarray(Math.max(offset, 100_000));
}

function request(path = 'public', { signal = never, digest = DIGEST, size = CONTENT.byteLength } = {}) {
  return {
    repository: { domain: 'r.test', path },
    credentials: null,
    descriptor: { digest, size, mediaType: 'l' },
    signal,
  };
}

async function collect(events: AsyncIterable<FetchEvent>): Promise<FetchEvent[]> {
  const all: FetchEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe('fetchBlob', () => {
  test('tells where the blob comes to, and progress, then the blob', async () => {
    const events = fetchBlob(request());
    expect((await events.next()).value).toEqual({ kind: 'opened', path: `/memory/ingest/${DIGEST}` });
    expect((await events.next()).value).toEqual({ kind: 'progress', receivedBytes: 100_000 });
    open();
    const rest = await collect(events);
    expect(rest.at(-1)).toMatchObject({ kind: 'stored', isAlreadyPresent: false, blob: { digest: DIGEST } });
  });

  test('asks nobody for what is in the store', async () => {
    open();
    await collect(fetchBlob(request()));
    const events = await collect(fetchBlob(request('private')));
    expect(events).toMatchObject([{ kind: 'stored', isAlreadyPresent: true }]);
    expect(registry.requests).toEqual(['blob 0']);
    expect(await reasonOf(collect(fetchBlob(request('public', { size: 5 }))))).toBe('SIZE_MISMATCH');
  });

  test('tells those who come later where the blob comes to', async () => {
    const first = collect(fetchBlob(request()));
    await sleep(10);
    const second = collect(fetchBlob(request()));
    open();
    for (const events of [await first, await second]) expect(events[0]).toMatchObject({ kind: 'opened' });
  });

  test('asks the registry once for many callers', async () => {
    const callers = Array.from({ length: 20 }, () => collect(fetchBlob(request())));
    await sleep(10);
    open();
    const last = (await Promise.all(callers)).map((events) => events.at(-1));
    expect(last.every((event) => event?.kind === 'stored')).toBe(true);
    expect(registry.requests).toEqual(['blob 0']);
  });

  test('goes on while anybody wants it, and continues for who comes later', async () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const one = collect(fetchBlob(request('public', { signal: first.signal })));
    const two = collect(fetchBlob(request('public', { signal: second.signal })));
    await sleep(10);
    first.abort(new BerthError('CANCELLED', 'gone'));
    expect(await reasonOf(one)).toBe('CANCELLED');
    second.abort(new BerthError('CANCELLED', 'gone'));
    expect(await reasonOf(two)).toBe('CANCELLED');
    open();
    await collect(fetchBlob(request()));
    expect(registry.requests).toEqual(['blob 0', 'blob 100000']);
  });

  test('a caller that stops reading counts as gone', async () => {
    for await (const event of fetchBlob(request())) if (event.kind === 'progress') break;
    await sleep(10);
    open();
    await collect(fetchBlob(request()));
    expect(registry.requests).toEqual(['blob 0', 'blob 100000']);
  });

  test('what another repository could not get, this one tries itself', async () => {
    open();
    const denied = collect(fetchBlob(request('private')));
    const allowed = collect(fetchBlob(request('public')));
    expect(await reasonOf(denied)).toBe('REGISTRY_DENIED');
    expect((await allowed).at(-1)).toMatchObject({ kind: 'stored' });
  });

  test('who shares a download and expected another size is told', async () => {
    const right = collect(fetchBlob(request()));
    const wrong = collect(fetchBlob(request('public', { size: 5 })));
    await sleep(10);
    open();
    expect(await reasonOf(wrong)).toBe('SIZE_MISMATCH');
    expect((await right).at(-1)).toMatchObject({ kind: 'stored' });
  });

  test('a failure reaches all who share it, and the next try begins anew', async () => {
    const shared = [collect(fetchBlob(request('private'))), collect(fetchBlob(request('private')))];
    expect(await Promise.all(shared.map(reasonOf))).toEqual(['REGISTRY_DENIED', 'REGISTRY_DENIED']);
    expect(registry.requests).toEqual(['blob 0']);
    expect(await reasonOf(collect(fetchBlob(request('private'))))).toBe('REGISTRY_DENIED');
    expect(registry.requests.length).toBe(2);
  });

  test('only so many blobs come at once', async () => {
    const digests = ['a', 'b', 'c'].map((letter) => `sha256:${letter.repeat(64)}`);
    const fetches = digests.map((digest) => collect(fetchBlob(request('public', { digest }))));
    await sleep(20);
    expect(registry.requests.length).toBe(2);
    open();
    expect(await Promise.all(fetches.map(reasonOf))).toEqual(Array(3).fill('DIGEST_MISMATCH'));
    expect(registry.requests.length).toBe(3);
  });
});

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { BerthError } from '@berth/errors';
import { digestLike, sha256Digest } from '@berth/oci';
import type { ContentStore, IngestCommit, StoredBlob } from './ports.ts';

/** A store under test, empty. */
export interface StoreUnderTest {
  readonly store: ContentStore;
  close(): void;
}

const HELLO = Buffer.from('hello');
const HELLO_DIGEST = sha256Digest(HELLO);
const ANY: IngestCommit = { mediaType: 'text/plain', digest: null, size: null, lease: null };

/** The reason that a promise is rejected with. */
export async function reasonOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'none';
  } catch (error) {
    if (error instanceof BerthError) return error.reason;
    throw error;
  }
}

/** What every ContentStore must do. */
export function describeContentStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let opened: StoreUnderTest;
    let store: ContentStore;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.close());

    const put = async (content: Buffer, commit: Partial<IngestCommit> = {}): Promise<StoredBlob> => {
      await using ingest = await store.ingest({ digest: commit.digest ?? null, size: null, isResumable: false });
      await ingest.write(content);
      return ingest.commit({ ...ANY, ...commit });
    };
    const readAll = async (digest: string, offset = 0): Promise<string> => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of store.read(digest, offset)) chunks.push(chunk);
      return Buffer.concat(chunks).toString();
    };
    const offsetOf = async (digest: string): Promise<number> => {
      await using ingest = await store.ingest({ digest, size: null, isResumable: true });
      return ingest.offset;
    };

    test('gives back what was committed', async () => {
      const blob = await put(HELLO, { digest: HELLO_DIGEST, size: 5 });
      expect(blob).toMatchObject({ digest: HELLO_DIGEST, size: 5, mediaType: 'text/plain' });
      expect(await store.get(HELLO_DIGEST)).toMatchObject({ digest: HELLO_DIGEST, size: 5, path: blob.path });
      expect(await readAll(HELLO_DIGEST)).toBe('hello');
      expect(await readAll(HELLO_DIGEST, 3)).toBe('lo');
    });

    test('knows nothing of what was not', async () => {
      expect(await store.get(HELLO_DIGEST)).toBeNull();
      expect(await reasonOf(readAll(HELLO_DIGEST))).toBe('BLOB_NOT_FOUND');
      expect(await store.remove(HELLO_DIGEST)).toBe(0);
    });

    test('computes a digest that was not given, and checks one of another algorithm', async () => {
      expect((await put(HELLO)).digest).toBe(HELLO_DIGEST);
      const sha512 = digestLike(`sha512:${'0'.repeat(128)}`, HELLO);
      expect((await put(HELLO, { digest: sha512 })).digest).toBe(sha512);
    });

    test('keeps an empty blob', async () => {
      const { digest } = await put(Buffer.alloc(0), { size: 0 });
      expect(await readAll(digest)).toBe('');
    });

    test('keeps content of many chunks', async () => {
      const chunk = Buffer.alloc(300_000, 'x');
      await using ingest = await store.ingest({ digest: null, size: null, isResumable: false });
      for (let count = 0; count < 7; count++) await ingest.write(chunk);
      expect(ingest.offset).toBe(2_100_000);
      const { digest } = await ingest.commit(ANY);
      expect(digest).toBe(sha256Digest(Buffer.alloc(2_100_000, 'x')));
      expect((await readAll(digest)).length).toBe(2_100_000);
    });

    test('stores nothing of another digest or size', async () => {
      const other = sha256Digest(Buffer.from('other'));
      expect(await reasonOf(put(HELLO, { digest: other }))).toBe('DIGEST_MISMATCH');
      expect(await reasonOf(put(HELLO, { digest: HELLO_DIGEST, size: 6 }))).toBe('SIZE_MISMATCH');
      expect((await store.list({ after: null, limit: 10 })).items).toEqual([]);
    });

    test('takes the same content twice', async () => {
      const [first, second] = await Promise.all([put(HELLO), put(HELLO), put(HELLO)]);
      expect(second).toEqual(first);
      expect(await put(HELLO)).toEqual(first);
      expect((await store.list({ after: null, limit: 10 })).items.length).toBe(1);
    });

    test('continues a suspended ingest, once', async () => {
      const ingest = await store.ingest({ digest: HELLO_DIGEST, size: null, isResumable: true });
      await ingest.write(HELLO.subarray(0, 2));
      await ingest.suspend();
      await using again = await store.ingest({ digest: HELLO_DIGEST, size: null, isResumable: true });
      expect(again.offset).toBe(2);
      await again.write(HELLO.subarray(2));
      await again.commit({ ...ANY, digest: HELLO_DIGEST });
      expect(await readAll(HELLO_DIGEST)).toBe('hello');
      expect(await offsetOf(HELLO_DIGEST)).toBe(0);
    });

    test('forgets an ingest that was disposed or failed', async () => {
      const disposed = await store.ingest({ digest: HELLO_DIGEST, size: null, isResumable: true });
      await disposed.write(HELLO);
      await disposed[Symbol.asyncDispose]();
      expect(await offsetOf(HELLO_DIGEST)).toBe(0);
      const wrong = await store.ingest({ digest: HELLO_DIGEST, size: null, isResumable: true });
      await wrong.write(Buffer.from('wrong'));
      await reasonOf(wrong.commit({ ...ANY, digest: HELLO_DIGEST }));
      expect(await offsetOf(HELLO_DIGEST)).toBe(0);
    });

    test('begins again after a restart of the ingest', async () => {
      await using ingest = await store.ingest({ digest: HELLO_DIGEST, size: null, isResumable: true });
      await ingest.write(Buffer.from('wrong'));
      await ingest.restart();
      expect(ingest.offset).toBe(0);
      await ingest.write(HELLO);
      expect((await ingest.commit({ ...ANY, digest: HELLO_DIGEST })).size).toBe(5);
    });

    test('does not remove what a lease keeps', async () => {
      await put(HELLO, { lease: 'image:a' });
      expect(await reasonOf(store.remove(HELLO_DIGEST))).toBe('BLOB_IN_USE');
      await store.setLease('image:a', []);
      expect(await store.remove(HELLO_DIGEST)).toBe(5);
      expect(await store.get(HELLO_DIGEST)).toBeNull();
    });

    test('a lease may be set before its content, and one of several is enough', async () => {
      await store.setLease('a', [HELLO_DIGEST]);
      await store.setLease('b', [HELLO_DIGEST, HELLO_DIGEST]);
      await put(HELLO);
      await store.setLease('a', []);
      expect(await reasonOf(store.remove(HELLO_DIGEST))).toBe('BLOB_IN_USE');
    });

    test('a lease that ends takes along what nothing else keeps, if it shall', async () => {
      const [other, third] = [await put(Buffer.from('other')), await put(Buffer.from('third'))];
      await put(HELLO);
      await store.setLease('a', [HELLO_DIGEST, other.digest]);
      await store.setLease('a', [third.digest], { adds: true });
      expect(await store.setLease('b', [other.digest])).toEqual([]);
      expect((await store.setLease('a', [], { adds: true })).sort()).toEqual([HELLO_DIGEST, third.digest].sort());
      await store.setLease('a', [], { discards: true });
      expect(await store.get(HELLO_DIGEST)).toBeNull();
      expect(await store.get(third.digest)).toBeNull();
      expect(await store.get(other.digest)).not.toBeNull();
      await store.setLease('b', []);
      expect(await store.get(other.digest)).not.toBeNull();
    });

    test('removes what is old and unused', async () => {
      await put(HELLO);
      const kept = await put(Buffer.from('kept'), { lease: 'a' });
      await store.removeUnused(60_000);
      expect(await store.get(HELLO_DIGEST)).not.toBeNull();
      await store.removeUnused(-1);
      expect(await store.get(HELLO_DIGEST)).toBeNull();
      expect(await store.get(kept.digest)).not.toBeNull();
    });

    test('lists by digest, page by page', async () => {
      const digests: string[] = [];
      for (const text of ['a', 'b', 'c', 'd', 'e']) digests.push((await put(Buffer.from(text))).digest);
      const seen: string[] = [];
      let after: string | null = null;
      do {
        const page: Awaited<ReturnType<ContentStore['list']>> = await store.list({ after, limit: 2 });
        seen.push(...page.items.map(({ digest }) => digest));
        after = page.next;
      } while (after !== null);
      expect(seen).toEqual(digests.toSorted());
    });

    test('removing and storing again at the same time leaves a whole blob or none', async () => {
      for (let round = 0; round < 20; round++) {
        await put(HELLO);
        await Promise.all([store.remove(HELLO_DIGEST), put(HELLO), store.remove(HELLO_DIGEST)]);
        if ((await store.get(HELLO_DIGEST)) !== null) expect(await readAll(HELLO_DIGEST)).toBe('hello');
      }
    });
  });
}

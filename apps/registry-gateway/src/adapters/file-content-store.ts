import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BerthError, isBerthError } from '@berth/errors';
import { parseDigest } from '@berth/oci';
import { createKeyedLock } from '@berth/service-kit';
import type { ContentStore, Ingest, IngestCommit, IngestRequest, StoredBlob } from '../ports.ts';
import { openFileIngest, withoutSpaceErrors, type FileIngest } from './file-ingest.ts';
import type { BlobIndex } from './sqlite-blob-index.ts';

const READ_CHUNK_BYTES = 1024 * 1024;

export interface FileContentStoreOptions {
  readonly dir: string;
  readonly index: BlobIndex;
  /** Resolves when the changes of the index are on the disk. */
  readonly settled: () => Promise<void>;
}

/**
 * Keeps blobs in files: `blobs/<algorithm>/<aa>/<hex>`, written as `ingest/<name>` and renamed when verified. Bytes are on the disk before their
 * row is there and go after it, so that a crash leaves only rubbish that `sweepContent` removes.
 */
export async function openFileContentStore({ dir, index, settled }: FileContentStoreOptions): Promise<ContentStore> {
  const ingestDir = join(dir, 'ingest');
  for (const path of [join(dir, 'blobs'), ingestDir]) await mkdir(path, { recursive: true, mode: 0o700 });
  const locks = createKeyedLock();
  const pathOf = (digest: string) => blobPath(dir, digest);

  const get = async (digest: string): Promise<StoredBlob | null> => {
    const descriptor = index.get(digest);
    if (descriptor === null) return null;
    const path = pathOf(digest);
    const found = await stat(path).catch(() => null);
    return found?.size === descriptor.size ? { ...descriptor, path } : null;
  };

  /** The row of a file that was lost or cut must not come back to stand for one that is not whole yet. */
  const forget = async (digest: string): Promise<void> => {
    if (index.get(digest) === null) return;
    index.remove(digest);
    await settled();
  };

  const keep = (ingest: FileIngest, ingestPath: string, commit: IngestCommit) => async (): Promise<StoredBlob> => {
    const { digest, size } = await ingest.finish();
    check({ digest, size }, commit);
    const path = pathOf(digest);
    return locks.run(digest, async () => {
      const before = await get(digest);
      const blob = { digest, size, mediaType: before?.mediaType ?? commit.mediaType };
      if (before === null) {
        await forget(digest);
        await moveDurably(ingest, ingestPath, path);
      } else {
        await ingest.discard();
      }
      try {
        index.add(blob, commit.lease);
      } catch (error) {
        // A full disk: what has no row would stay until the next start.
        if (before === null) await rm(path, { force: true });
        throw error;
      }
      return { ...blob, path };
    });
  };

  const ingest = async ({ digest, size, isResumable }: IngestRequest): Promise<Ingest> => {
    const path = join(ingestDir, digest === null || !isResumable ? randomUUID() : partialName(digest));
    const file = await openFileIngest(path, digest);
    const settle = async <T>(run: () => Promise<T>): Promise<T> => {
      try {
        return await run();
      } catch (error) {
        await file.discard();
        throw error;
      }
    };
    if (size !== null) await settle(() => checkSpace(ingestDir, size - file.offset));
    let isSettled = false;
    return {
      path,
      get offset() {
        return file.offset;
      },
      write: (chunk) => file.write(chunk),
      restart: () => file.restart(),
      commit(commit) {
        isSettled = true;
        return settle(keep(file, path, commit));
      },
      suspend() {
        isSettled = true;
        return settle(() => file.suspend());
      },
      async [Symbol.asyncDispose]() {
        if (!isSettled) await file.discard();
      },
    };
  };

  const remove = (digest: string): Promise<number> =>
    locks.run(digest, async () => {
      const lease = index.leaseOf(digest);
      if (lease !== null) throw new BerthError('BLOB_IN_USE', `blob ${digest} is kept by the lease ${lease}`);
      const size = index.get(digest)?.size ?? 0;
      index.remove(digest);
      await settled();
      await rm(pathOf(digest), { force: true });
      return size;
    });

  /** A lease that somebody takes meanwhile keeps its content. */
  const removeUnlessKept = async (digests: readonly string[]): Promise<void> => {
    const removals = digests.map((digest) =>
      remove(digest).catch((error: unknown) => {
        if (!isBerthError(error, 'BLOB_IN_USE')) throw error;
      }),
    );
    await Promise.all(removals);
  };

  return {
    get,
    ingest,
    async *read(digest, offset) {
      const blob = await get(digest);
      if (blob === null) throw new BerthError('BLOB_NOT_FOUND', `blob ${digest} is not in the content store`);
      yield* createReadStream(blob.path, {
        start: offset,
        highWaterMark: READ_CHUNK_BYTES,
      }) as AsyncIterable<Uint8Array>;
    },
    list({ after, limit }) {
      const found = index.list(after, limit + 1);
      const items = found.slice(0, limit);
      const next = found.length > limit ? (items.at(-1)?.digest ?? null) : null;
      return Promise.resolve({ items, next });
    },
    async setLease(lease, digests, { adds = false, discards = false } = {}) {
      const before = discards ? index.keptBy(lease) : [];
      index.setLease(lease, digests, adds);
      const sole = index.keptOnlyBy(lease);
      await removeUnlessKept(before);
      return sole;
    },
    remove,
    async removeUnused(ageMs) {
      const digests = index.listUnused(Date.now() - ageMs);
      await removeUnlessKept(digests);
      return digests.length;
    },
  };
}

/** Where a blob's file is. The digest is checked, so the path stays inside. */
export function blobPath(dir: string, digest: string): string {
  const { algorithm, hex } = parseDigest(digest);
  return join(dir, 'blobs', algorithm, hex.slice(0, 2), hex);
}

function partialName(digest: string): string {
  const { algorithm, hex } = parseDigest(digest);
  return `${algorithm}-${hex}`;
}

function check(actual: { digest: string; size: number }, { digest, size }: IngestCommit): void {
  if (size !== null && actual.size !== size) {
    throw new BerthError('SIZE_MISMATCH', `blob ${digest ?? actual.digest} has ${actual.size} bytes, expected ${size}`);
  }
  if (digest !== null && actual.digest !== digest) {
    throw new BerthError(
      'DIGEST_MISMATCH',
      `filesystem layer verification failed for digest ${digest}: got ${actual.digest}`,
    );
  }
}

async function checkSpace(dir: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dir);
  if (neededBytes <= bavail * bsize) return;
  throw new BerthError('DISK_FULL', `no space left on device: ${neededBytes} bytes needed, ${bavail * bsize} free`);
}

/** Puts a file in its place. The file and its directory are synced after that, both at once: a journal then needs one commit. */
async function moveDurably(file: FileIngest, from: string, to: string): Promise<void> {
  const dir = dirname(to);
  const created = await withoutSpaceErrors(() => mkdir(dir, { recursive: true, mode: 0o700 }));
  await withoutSpaceErrors(() => rename(from, to));
  const dirs = created === undefined ? [dir] : [dir, dirname(dir), dirname(dirname(dir))];
  try {
    await Promise.all([file.sync(), ...dirs.map((each) => withoutSpaceErrors(() => syncDirectory(each)))]);
  } catch (error) {
    await rm(to, { force: true });
    throw error;
  }
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

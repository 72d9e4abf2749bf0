import { BerthError } from '@berth/errors';
import { digestLike, sha256Digest } from '@berth/oci';
import type { ContentStore, Ingest, IngestCommit, IngestRequest, StoredBlob } from '../ports.ts';

interface MemoryBlob extends StoredBlob {
  readonly content: Buffer;
  readonly timeMs: number;
}

/** A content store that forgets all when it ends. Paths are made up. For tests. */
export function createMemoryContentStore(): ContentStore {
  const blobs = new Map<string, MemoryBlob>();
  const partials = new Map<string, Buffer>();
  const leases = new Map<string, readonly string[]>();

  const keep = (content: Buffer, { mediaType, digest, size, lease }: IngestCommit): StoredBlob => {
    const actual = digest === null ? sha256Digest(content) : digestLike(digest, content);
    if (size !== null && size !== content.byteLength) {
      throw new BerthError('SIZE_MISMATCH', `blob ${actual} has ${content.byteLength} bytes, expected ${size}`);
    }
    if (digest !== null && digest !== actual) throw new BerthError('DIGEST_MISMATCH', `got ${actual}`);
    const blob = blobs.get(actual) ?? {
      digest: actual,
      size: content.byteLength,
      mediaType,
      content,
      timeMs: Date.now(),
      path: `/memory/${actual}`,
    };
    blobs.set(actual, blob);
    if (lease !== null) leases.set(lease, [...(leases.get(lease) ?? []), actual]);
    return blob;
  };

  const ingest = ({ digest, isResumable }: IngestRequest): Ingest => {
    const key = isResumable ? digest : null;
    let chunks: Uint8Array[] = [];
    const begun = key === null ? undefined : partials.get(key);
    if (begun !== undefined) chunks.push(begun);
    if (key !== null) partials.delete(key);
    return {
      path: `/memory/ingest/${digest ?? 'new'}`,
      get offset() {
        return chunks.reduce((total, chunk) => total + chunk.byteLength, 0);
      },
      async write(chunk) {
        chunks.push(Buffer.from(chunk));
      },
      async restart() {
        chunks = [];
      },
      async commit(commit) {
        return keep(Buffer.concat(chunks), commit);
      },
      async suspend() {
        if (key !== null) partials.set(key, Buffer.concat(chunks));
      },
      async [Symbol.asyncDispose]() {},
    };
  };

  const leaseOf = (digest: string): string | null => {
    for (const [lease, digests] of leases) if (digests.includes(digest)) return lease;
    return null;
  };

  const removeUnlessKept = (digests: readonly string[]): number =>
    digests.filter((digest) => leaseOf(digest) === null && blobs.delete(digest)).length;

  return {
    async get(digest) {
      return blobs.get(digest) ?? null;
    },
    async *read(digest, offset) {
      const blob = blobs.get(digest);
      if (blob === undefined) throw new BerthError('BLOB_NOT_FOUND', `blob ${digest} is not in the content store`);
      yield blob.content.subarray(offset);
    },
    async ingest(request) {
      return ingest(request);
    },
    async list({ after, limit }) {
      const sorted = [...blobs.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1));
      const found = sorted.filter(({ digest }) => digest > (after ?? ''));
      const items = found.slice(0, limit).map(({ digest, size, mediaType }) => ({ digest, size, mediaType }));
      return { items, next: found.length > limit ? (items.at(-1)?.digest ?? null) : null };
    },
    async setLease(lease, digests, { adds = false, discards = false } = {}) {
      const before = leases.get(lease) ?? [];
      leases.set(lease, adds ? [...before, ...digests] : digests);
      if (discards) removeUnlessKept(before);
      const others = new Set([...leases].filter(([name]) => name !== lease).flatMap(([, kept]) => kept));
      return (leases.get(lease) ?? []).filter((digest) => !others.has(digest));
    },
    async remove(digest) {
      const lease = leaseOf(digest);
      if (lease !== null) throw new BerthError('BLOB_IN_USE', `blob ${digest} is kept by the lease ${lease}`);
      const size = blobs.get(digest)?.size ?? 0;
      blobs.delete(digest);
      return size;
    },
    async removeUnused(ageMs) {
      const old = [...blobs.values()].filter(({ timeMs }) => timeMs < Date.now() - ageMs);
      return removeUnlessKept(old.map(({ digest }) => digest));
    },
  };
}

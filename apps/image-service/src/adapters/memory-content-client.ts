import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { BerthError } from '@berth/errors';
import { formatReference, sha256Digest, type Reference } from '@berth/oci';
import type { ContentClient, ContentDescriptor } from '../ports.ts';

/** ContentClient without a registry, for tests. The path of a blob is `<dir>/<digest>`; whether it exists is up to the test. */
export interface MemoryContentClient extends ContentClient {
  /** What registries have: digests by normalized reference, and content by digest. */
  readonly remote: { references: Map<string, ContentDescriptor>; content: Map<string, Uint8Array> };
  /** How often each digest was fetched. */
  readonly fetched: string[];
  readonly leases: Map<string, readonly string[]>;
  /** What repositories were given: `docker.io/library/a sha256:…`, and of manifests `… latest`. */
  readonly pushed: string[];
  /** Fetching waits for this. */
  gate: Promise<void>;
}

export function createMemoryContentClient(dir: string): MemoryContentClient {
  const remote = { references: new Map<string, ContentDescriptor>(), content: new Map<string, Uint8Array>() };
  const leases = new Map<string, readonly string[]>();
  const fetched: string[] = [];
  const pushed: string[] = [];

  function get(digest: string): Uint8Array {
    const bytes = remote.content.get(digest);
    if (bytes === undefined) throw new BerthError('BLOB_NOT_FOUND', `blob ${digest} not found`);
    return bytes;
  }

  const client: MemoryContentClient = {
    remote,
    fetched,
    leases,
    pushed,
    gate: Promise.resolve(),
    resolve(reference: Reference) {
      const found = remote.references.get(formatReference(reference));
      if (found === undefined) return Promise.reject(new BerthError('MANIFEST_NOT_FOUND', 'manifest unknown'));
      return Promise.resolve(found);
    },
    getManifest: ({ descriptor }) =>
      Promise.resolve({ bytes: get(descriptor.digest), mediaType: descriptor.mediaType }),
    async fetchBlob({ descriptor }, { signal, onProgress }) {
      fetched.push(descriptor.digest);
      onProgress?.(1);
      await client.gate;
      signal.throwIfAborted();
      get(descriptor.digest);
      return `${dir}/${descriptor.digest}`;
    },
    async ingest({ lease }, data) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of data) chunks.push(chunk);
      const bytes = Buffer.concat(chunks);
      const digest = sha256Digest(bytes);
      remote.content.set(digest, bytes);
      leases.set(lease, [...(leases.get(lease) ?? []), digest]);
      return { digest, size: bytes.length, path: `${dir}/${digest}` };
    },
    async ingestFile(blob, { path, offset, size }, signal) {
      const bytes = readFileSync(path).subarray(offset, offset + size);
      return client.ingest(blob, Readable.from([bytes]), signal);
    },
    async locate({ digest }) {
      await Promise.resolve(get(digest));
      return `${dir}/${digest}`;
    },
    async pushBlob({ repository, descriptor: { digest, size } }, { signal, onProgress }) {
      const line = `${repository} ${digest}`;
      await client.gate;
      signal.throwIfAborted();
      if (pushed.includes(line)) return { how: 'existed' };
      const lender = pushed.find((other) => other.endsWith(` ${digest}`))?.split(' ')[0];
      if (lender === undefined) get(digest);
      pushed.push(line);
      onProgress?.(size);
      return lender === undefined
        ? { how: 'uploaded' }
        : { how: 'mounted', from: lender.slice(lender.indexOf('/') + 1) };
    },
    pushManifest({ reference }, { bytes, mediaType }) {
      const digest = sha256Digest(bytes);
      remote.content.set(digest, bytes);
      pushed.push(`${formatReference({ ...reference, tag: null })} ${reference.tag}`);
      return Promise.resolve({ mediaType, digest, size: bytes.byteLength });
    },
    setLease(lease, digests, { adds = false } = {}) {
      const kept = adds ? [...(leases.get(lease) ?? []), ...digests] : digests;
      if (kept.length === 0) leases.delete(lease);
      else leases.set(lease, kept);
      const others = new Set([...leases].filter(([name]) => name !== lease).flatMap(([, digests]) => digests));
      return Promise.resolve(kept.filter((digest) => !others.has(digest)));
    },
  };
  return client;
}

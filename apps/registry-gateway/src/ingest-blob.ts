import { BerthError } from '@berth/errors';
import { parseDigest } from '@berth/oci';
import type { ContentStore, FileRange, ReadFileRange, StoredBlob } from './ports.ts';

/** What a caller puts into the store. */
export interface IngestBlobRequest {
  readonly mediaType: string;
  /** The expected digest; null: computed as sha256. */
  readonly digest: string | null;
  /** The lease that keeps it. */
  readonly lease: string;
  /** The content, or the file that has it. */
  readonly data: AsyncIterable<Uint8Array> | FileRange;
  readonly signal: AbortSignal;
}

export type IngestBlob = (request: IngestBlobRequest) => Promise<StoredBlob>;

/** Puts content that no registry has into the store, verified and leased. A stream that fails leaves nothing. */
export function createIngestBlob(store: ContentStore, readFile: ReadFileRange): IngestBlob {
  return async ({ mediaType, digest, lease, data, signal }) => {
    if (mediaType === '') throw new BerthError('INVALID_ARGUMENT', 'an ingest needs a media type');
    checkLeaseName(lease);
    if (digest !== null) parseDigest(digest);
    const isFile = 'path' in data;
    await using ingest = await store.ingest({ digest, size: isFile ? data.size : null, isResumable: false });
    for await (const chunk of isFile ? readFile(data) : data) await ingest.write(chunk);
    // A caller that breaks off may look like one that has sent all.
    signal.throwIfAborted();
    return ingest.commit({ mediaType, digest, size: null, lease });
  };
}

/** Throws INVALID_ARGUMENT for what cannot name a lease. */
export function checkLeaseName(lease: string): void {
  if (/^[\x21-\x7e]{1,255}$/.test(lease)) return;
  throw new BerthError(
    'INVALID_ARGUMENT',
    `invalid lease name ${JSON.stringify(lease)}: 1 to 255 printable characters`,
  );
}

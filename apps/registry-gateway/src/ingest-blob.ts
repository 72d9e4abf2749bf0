import { BerthError } from '@berth/errors';
import { parseDigest } from '@berth/oci';
import type { ContentStore, StoredBlob } from './ports.ts';

/** What a caller puts into the store. */
export interface IngestBlobRequest {
  readonly mediaType: string;
  /** The expected digest; null: computed as sha256. */
  readonly digest: string | null;
  /** The lease that keeps it. */
  readonly lease: string;
  readonly data: AsyncIterable<Uint8Array>;
}

export type IngestBlob = (request: IngestBlobRequest) => Promise<StoredBlob>;

/** Puts content that no registry has into the store, verified and leased. A stream that fails leaves nothing. */
export function createIngestBlob(store: ContentStore): IngestBlob {
  return async ({ mediaType, digest, lease, data }) => {
    if (mediaType === '') throw new BerthError('INVALID_ARGUMENT', 'an ingest needs a media type');
    checkLeaseName(lease);
    if (digest !== null) parseDigest(digest);
    await using ingest = await store.ingest({ digest, size: null, isResumable: false });
    for await (const chunk of data) await ingest.write(chunk);
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

import { setTimeout as sleep } from 'node:timers/promises';
import { BerthError, isBerthError } from '@berth/errors';
import type { BlobDescriptor, ContentStore, Ingest, RegistryClient, RegistryRequest, StoredBlob } from './ports.ts';

export interface DownloadDeps {
  readonly store: ContentStore;
  readonly registry: RegistryClient;
  /** Milliseconds before a broken download goes on; doubles with each failure in a row. */
  readonly retryDelayMs: number;
}

export interface Download extends RegistryRequest {
  /** A size of 0 means unknown. */
  readonly descriptor: BlobDescriptor;
  /** Told the file that the bytes come into. */
  onOpened(path: string): void;
  /** Told how many bytes are there. */
  onProgress(receivedBytes: number): void;
}

const MAX_FAILURES_WITHOUT_PROGRESS = 3;
// A registry that sends less before it breaks off makes no progress.
const PROGRESS_BYTES = 64 * 1024;

/**
 * Downloads a blob into the store, verified. Continues what an earlier download left, and goes on after the registry stalled or broke
 * off, up to three times in a row without progress. Aborted or failed: what was received is kept, unless it was wrong or the disk is full.
 */
export async function downloadBlob(deps: DownloadDeps, download: Download): Promise<StoredBlob> {
  const { digest, size } = download.descriptor;
  const ingest = await deps.store.ingest({ digest, size: size || null, isResumable: true });
  const wasContinued = ingest.offset > 0;
  download.onOpened(ingest.path);
  try {
    return await downloadInto(ingest, deps, download);
  } catch (error) {
    // The earlier part may have been the wrong one.
    if (wasContinued && isBerthError(error, 'DIGEST_MISMATCH')) return downloadBlob(deps, download);
    throw error;
  }
}

async function downloadInto(opened: Ingest, deps: DownloadDeps, download: Download): Promise<StoredBlob> {
  await using ingest = opened;
  const { digest, mediaType } = download.descriptor;
  try {
    const size = await receiveAll(ingest, deps, download);
    return await ingest.commit({ digest, size, mediaType, lease: null });
  } catch (error) {
    if (isBerthError(error, 'CANCELLED', 'REGISTRY_UNAVAILABLE') || download.signal.aborted) await ingest.suspend();
    throw error;
  }
}

/** Receives until the blob is whole; returns its size. */
async function receiveAll(ingest: Ingest, deps: DownloadDeps, download: Download): Promise<number> {
  const expected = download.descriptor.size || null;
  if (expected !== null && ingest.offset > expected) await ingest.restart();
  download.onProgress(ingest.offset);
  const startedAt = ingest.offset;
  for (let failures = 0; ;) {
    const before = ingest.offset;
    try {
      if (expected !== null && before === expected) return expected;
      return await receiveRest(ingest, deps.registry, download);
    } catch (error) {
      const hasBegun = ingest.offset > startedAt;
      failures = ingest.offset - before >= PROGRESS_BYTES ? 0 : failures + 1;
      const isFinal = !hasBegun && !(error instanceof BrokenBodyError);
      if (!isTransient(error) || isFinal || failures > MAX_FAILURES_WITHOUT_PROGRESS) throw unwrapped(error);
      await pause(deps.retryDelayMs * 2 ** failures, download.signal);
    }
  }
}

async function receiveRest(ingest: Ingest, registry: RegistryClient, download: Download): Promise<number> {
  const { descriptor } = download;
  const response = await registry.getBlob(download, descriptor.digest, ingest.offset);
  if (response === null) return endOf(ingest, descriptor);
  const size = descriptor.size || response.size;
  if (size === null)
    throw new BerthError('REGISTRY_PROTOCOL', `the registry does not say the size of ${descriptor.digest}`);
  if (response.size !== null && response.size !== size) throw wrongSize(descriptor, response.size);
  // A registry that cannot resume sends what is there already once more.
  let skip = ingest.offset - response.offset;
  try {
    for await (const chunk of response.body) {
      const rest = chunk.subarray(Math.min(skip, chunk.byteLength));
      skip -= chunk.byteLength - rest.byteLength;
      if (ingest.offset + rest.byteLength > size) throw wrongSize(descriptor, ingest.offset + rest.byteLength);
      await ingest.write(rest);
      download.onProgress(ingest.offset);
    }
  } catch (error) {
    throw isBerthError(error, 'REGISTRY_UNAVAILABLE') ? new BrokenBodyError(error) : error;
  }
  if (ingest.offset === size) return size;
  const text = `blob ${descriptor.digest}: unexpected EOF after ${ingest.offset} of ${size} bytes`;
  throw new BrokenBodyError(new BerthError('REGISTRY_UNAVAILABLE', text));
}

/** The registry has nothing beyond what is there: it is whole, or it was not of this blob. */
async function endOf(ingest: Ingest, descriptor: BlobDescriptor): Promise<number> {
  if (descriptor.size === 0) return ingest.offset;
  const { offset } = ingest;
  await ingest.restart();
  throw wrongSize(descriptor, offset);
}

/** The body broke after the registry had accepted the request. */
class BrokenBodyError extends Error {
  override readonly cause: BerthError;

  constructor(cause: BerthError) {
    super(cause.message);
    this.cause = cause;
  }
}

function isTransient(error: unknown): boolean {
  return error instanceof BrokenBodyError || isBerthError(error, 'REGISTRY_UNAVAILABLE');
}

function unwrapped(error: unknown): unknown {
  return error instanceof BrokenBodyError ? error.cause : error;
}

function wrongSize({ digest, size }: BlobDescriptor, actual: number): BerthError {
  return new BerthError(
    'SIZE_MISMATCH',
    `blob ${digest} has ${actual} bytes or more at the registry, expected ${size}`,
  );
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch((error: unknown) => {
    throw new BerthError('CANCELLED', 'the download was cancelled', { cause: error });
  });
}

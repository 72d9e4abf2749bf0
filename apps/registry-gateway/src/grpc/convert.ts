import { BerthError } from '@berth/errors';
import { parseDigest, parseReference, type Reference } from '@berth/oci';
import * as proto from '@berth/proto/registry';
import type { FetchEvent } from '../fetch-blob.ts';
import type { BlobDescriptor, FileRange, RegistryRequest, StoredBlob } from '../ports.ts';
import type { PushedBlob, PushEvent } from '../push-blob.ts';
import type { RegistryCredentials } from '../registry-credentials.ts';

interface RepositoryRequest {
  readonly repository: string;
  readonly credentials?: proto.Credentials | undefined;
}

/** A request that names a repository, without tag or digest. Throws REFERENCE_INVALID. */
export function toRegistryRequest(
  { repository, credentials }: RepositoryRequest,
  signal: AbortSignal,
): RegistryRequest {
  const reference = parseReference(repository);
  if (reference.tag !== null || reference.digest !== null) {
    throw new BerthError('REFERENCE_INVALID', `expected a repository without tag or digest: ${repository}`);
  }
  return { repository: reference, credentials: toCredentials(credentials), signal };
}

/** A request that names a reference. Throws REFERENCE_INVALID, also when it has neither tag nor digest. */
export function toReference(text: string): Reference {
  const reference = parseReference(text);
  if (reference.tag !== null || reference.digest !== null) return reference;
  throw new BerthError('REFERENCE_INVALID', `expected a tag or a digest: ${text}`);
}

export function toCredentials(credentials: proto.Credentials | undefined): RegistryCredentials | null {
  if (credentials === undefined || credentials.username === '') return null;
  return { kind: 'password', username: credentials.username, password: credentials.password };
}

/** A descriptor to look for; a size of 0 means unknown. Throws INVALID_ARGUMENT or DIGEST_INVALID. */
export function fromDescriptor(descriptor: proto.Descriptor | undefined): BlobDescriptor {
  const { mediaType, digest, sizeBytes } = descriptor ?? { mediaType: '', digest: '', sizeBytes: 0n };
  parseDigest(digest);
  return { mediaType, digest, size: toByteCount(sizeBytes) };
}

/** A size or an offset. Throws INVALID_ARGUMENT. */
export function toByteCount(value: bigint): number {
  const count = Number(value);
  if (count >= 0 && Number.isSafeInteger(count)) return count;
  throw new BerthError('INVALID_ARGUMENT', `invalid number of bytes ${value}`);
}

export function toDescriptor({ mediaType, digest, size }: BlobDescriptor): proto.Descriptor {
  return { mediaType, digest, sizeBytes: BigInt(size) };
}

export function toStoredBlob(blob: StoredBlob, alreadyPresent: boolean): proto.StoredBlob {
  return { descriptor: toDescriptor(blob), path: blob.path, alreadyPresent };
}

export function toFetchBlobResponse(event: FetchEvent): proto.FetchBlobResponse {
  if (event.kind === 'progress') {
    return { event: { $case: 'receivedBytes', value: BigInt(event.receivedBytes) } };
  }
  if (event.kind === 'opened') return { event: { $case: 'partialPath', value: event.path } };
  return { event: { $case: 'blob', value: toStoredBlob(event.blob, event.isAlreadyPresent) } };
}

const HOW: Record<PushedBlob['how'], proto.PushedHow> = {
  existed: proto.PushedHow.EXISTED,
  mounted: proto.PushedHow.MOUNTED,
  uploaded: proto.PushedHow.UPLOADED,
};

export function toPushBlobResponse(event: PushEvent): proto.PushBlobResponse {
  if (event.kind === 'progress') return { event: { $case: 'sentBytes', value: BigInt(event.sentBytes) } };
  const { blob } = event;
  const mountedFrom = blob.how === 'mounted' ? blob.from : '';
  return { event: { $case: 'pushed', value: { how: HOW[blob.how], mountedFrom } } };
}

/** The generated messages carry Buffers; the memory is the same. */
export function toBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** Splits the stream of an ingest into its first message and the data after it, or the file that has it. Throws INVALID_ARGUMENT. */
export async function splitIngest(
  messages: AsyncIterable<proto.IngestBlobRequest>,
): Promise<{ start: proto.IngestBlobStart; data: AsyncIterable<Uint8Array> | FileRange }> {
  const iterator = messages[Symbol.asyncIterator]();
  const first = await iterator.next();
  const start = first.done === true ? undefined : first.value.part;
  if (start?.$case !== 'start')
    throw new BerthError('INVALID_ARGUMENT', 'the first message of an ingest must be its start');
  const second = await iterator.next();
  const part = second.done === true ? undefined : second.value.part;
  const data = part?.$case === 'file' ? toFileRange(part.value) : dataOf(second, iterator);
  return { start: start.value, data };
}

async function* dataOf(
  first: IteratorResult<proto.IngestBlobRequest>,
  iterator: AsyncIterator<proto.IngestBlobRequest>,
): AsyncGenerator<Uint8Array> {
  for (let next = first; next.done !== true; next = await iterator.next()) {
    const { part } = next.value;
    if (part?.$case !== 'data') throw new BerthError('INVALID_ARGUMENT', 'an ingest has one start, then only data');
    yield part.value;
  }
}

function toFileRange({ path, offsetBytes, sizeBytes }: proto.FileRange): FileRange {
  if (!path.startsWith('/')) throw new BerthError('INVALID_ARGUMENT', 'the path of a file must be absolute');
  return { path, offset: toByteCount(offsetBytes), size: toByteCount(sizeBytes) };
}

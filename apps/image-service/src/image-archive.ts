import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { BerthError } from '@berth/errors';
import { isDigest, MANIFEST_MAX_BYTES, MEDIA_TYPES } from '@berth/oci';
import { detectLayerType } from './layer-type.ts';
import type { ContentClient, IngestedBlob } from './ports.ts';
import { readTar } from './tar-reader.ts';

const MAX_FILES = 100_000;
const MAX_LINKS = 10;

/** The files of an archive, all of them in the content store by now. */
export interface ImageArchive {
  /** The file at a path, links followed. Throws ARCHIVE_INVALID when there is none. */
  file(path: string): IngestedBlob;
  has(path: string): boolean;
  /** The bytes of a document, at most 4 MiB. Throws ARCHIVE_INVALID. */
  document(path: string): Promise<Buffer>;
}

/** Takes an archive apart as it comes: what is in it is kept by the lease. Throws ARCHIVE_INVALID, DIGEST_MISMATCH, DISK_FULL, CANCELLED. */
export async function readImageArchive(
  content: Pick<ContentClient, 'ingest'>,
  { lease, data, signal }: { lease: string; data: AsyncIterable<Uint8Array>; signal: AbortSignal },
): Promise<ImageArchive> {
  const files = new Map<string, IngestedBlob>();
  const links = new Map<string, string>();
  for await (const entry of readTar(await decompress(data))) {
    const path = posix.normalize(entry.path);
    if (entry.type === 'file') {
      const blob = await content.ingest({ mediaType: 'application/octet-stream', lease }, entry.data, signal);
      checkName(path, blob.digest);
      files.set(path, blob);
    }
    if (entry.type === 'symlink') links.set(path, posix.join(posix.dirname(path), entry.target));
    if (entry.type === 'hardlink') links.set(path, posix.normalize(entry.target));
    if (files.size + links.size > MAX_FILES) throw invalid('it has too many files');
  }
  return createArchive(files, links);
}

function createArchive(files: ReadonlyMap<string, IngestedBlob>, links: ReadonlyMap<string, string>): ImageArchive {
  function find(path: string): IngestedBlob | null {
    let at = posix.normalize(path);
    for (let count = 0; count <= MAX_LINKS; count++) {
      const found = files.get(at);
      if (found !== undefined) return found;
      at = links.get(at) ?? '';
    }
    return null;
  }
  function file(path: string): IngestedBlob {
    const found = find(path);
    if (found === null) throw invalid(`it has no ${JSON.stringify(path)}`);
    return found;
  }
  return {
    file,
    has: (path) => find(path) !== null,
    async document(path) {
      const found = file(path);
      if (found.size > MANIFEST_MAX_BYTES) throw invalid(`${JSON.stringify(path)} has more than 4 MiB`);
      return readFile(found.path);
    },
  };
}

/** The name of a blob is its digest. */
function checkName(path: string, digest: string): void {
  const hex = /^blobs\/sha256\/([^/]+)$/.exec(path)?.[1];
  if (hex === undefined || digest === `sha256:${hex}`) return;
  if (!isDigest(`sha256:${hex}`)) throw invalid(`${JSON.stringify(path)} is no digest`);
  throw new BerthError('DIGEST_MISMATCH', `the archive's blob sha256:${hex} is ${digest}`);
}

async function decompress(data: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const { mediaType, all } = await detectLayerType(data);
  if (mediaType === MEDIA_TYPES.ociLayer) return all;
  const decoder = mediaType === MEDIA_TYPES.ociLayerGzip ? createGunzip() : createZstdDecompress();
  // What fails on either side comes out of the decoder.
  pipeline(Readable.from(all, { objectMode: false }), decoder, () => {});
  return translated(decoder);
}

async function* translated(decoder: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* decoder;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code.startsWith('Z')) throw invalid('it cannot be decompressed', error);
    throw error;
  }
}

/** A lease that keeps an archive's content until its images have their own. */
export function archiveLease(): string {
  return `load:${randomUUID()}`;
}

export function invalid(detail: string, cause?: unknown): BerthError {
  return new BerthError('ARCHIVE_INVALID', `the archive is invalid: ${detail}`, { cause });
}

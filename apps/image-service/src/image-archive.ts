import { randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import { posix } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { BerthError } from '@berth/errors';
import { isDigest, MANIFEST_MAX_BYTES, MEDIA_TYPES, sha256Digest } from '@berth/oci';
import { detectLayerType } from './layer-type.ts';
import { readTar } from './tar-reader.ts';

const MAX_FILES = 100_000;
const MAX_LINKS = 10;

/** A file of an archive: where its bytes are. */
export interface ArchivedFile {
  readonly offset: number;
  readonly size: number;
}

/** The files of an archive that lies in a file. */
export interface ImageArchive {
  /** Where the archive lies. */
  readonly path: string;
  /** The file at a path, links followed. Throws ARCHIVE_INVALID when there is none. */
  file(path: string): ArchivedFile;
  has(path: string): boolean;
  /** The bytes of a document, at most 4 MiB, verified when its name is a digest. Throws ARCHIVE_INVALID, DIGEST_MISMATCH. */
  document(path: string): Promise<Buffer>;
}

/** Reads what is in an archive. Throws ARCHIVE_INVALID. */
export async function readImageArchive(archivePath: string): Promise<ImageArchive> {
  const files = new Map<string, ArchivedFile>();
  const links = new Map<string, string>();
  await using archive = await open(archivePath);
  for await (const { path: name, type, target, offset, size } of readTar(archive)) {
    const path = posix.normalize(name);
    if (type === 'file') {
      digestOf(path);
      files.set(path, { offset, size });
    }
    if (type === 'symlink') links.set(path, posix.join(posix.dirname(path), target));
    if (type === 'hardlink') links.set(path, posix.normalize(target));
    if (files.size + links.size > MAX_FILES) throw invalid('it has too many files');
  }
  return createArchive(archivePath, files, links);
}

function createArchive(
  archivePath: string,
  files: ReadonlyMap<string, ArchivedFile>,
  links: ReadonlyMap<string, string>,
): ImageArchive {
  function find(path: string): ArchivedFile | null {
    let at = posix.normalize(path);
    for (let count = 0; count <= MAX_LINKS; count++) {
      const found = files.get(at);
      if (found !== undefined) return found;
      at = links.get(at) ?? '';
    }
    return null;
  }
  function file(path: string): ArchivedFile {
    const found = find(path);
    if (found === null) throw invalid(`it has no ${JSON.stringify(path)}`);
    return found;
  }
  return {
    path: archivePath,
    file,
    has: (path) => find(path) !== null,
    async document(path) {
      const { offset, size } = file(path);
      if (size > MANIFEST_MAX_BYTES) throw invalid(`${JSON.stringify(path)} has more than 4 MiB`);
      await using archive = await open(archivePath);
      const bytes = Buffer.alloc(size);
      await archive.read(bytes, 0, size, offset);
      checkName(path, sha256Digest(bytes));
      return bytes;
    },
  };
}

/** The name of a blob is its digest; null for what is no blob. Throws ARCHIVE_INVALID. */
function digestOf(path: string): string | null {
  const hex = /^blobs\/sha256\/([^/]+)$/.exec(posix.normalize(path))?.[1];
  if (hex === undefined) return null;
  if (!isDigest(`sha256:${hex}`)) throw invalid(`${JSON.stringify(path)} is no digest`);
  return `sha256:${hex}`;
}

/** Throws DIGEST_MISMATCH when a file has the name of another blob. */
export function checkName(path: string, digest: string): void {
  const name = digestOf(path);
  if (name !== null && name !== digest) {
    throw new BerthError('DIGEST_MISMATCH', `the archive's blob ${name} is ${digest}`);
  }
}

/** The bytes of an archive that may be compressed. What they throw when they cannot be decompressed is ARCHIVE_INVALID. */
export async function decompress(data: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
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

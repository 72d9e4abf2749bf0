import { createHash, type Hash } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { BerthError } from '@berth/errors';
import { parseDigest, type DigestAlgorithm } from '@berth/oci';
import { errorCode } from '../error-code.ts';

/** A file that is being written and hashed. */
export interface FileIngest {
  readonly offset: number;
  write(chunk: Uint8Array): Promise<void>;
  restart(): Promise<void>;
  /** Writes the rest, makes the file read-only, and returns its digest. */
  finish(): Promise<{ digest: string; size: number }>;
  /** Brings what was written to the disk, and closes the file. */
  sync(): Promise<void>;
  /** Writes the rest and closes, keeping the file. */
  suspend(): Promise<void>;
  /** Closes and removes the file. */
  discard(): Promise<void>;
}

// One write for many chunks of the network: a call to the disk costs as much as hashing 50 KiB.
const FLUSH_BYTES = 512 * 1024;
const REHASH_CHUNK_BYTES = 1024 * 1024;

/** Opens or continues a file; what it holds already is hashed again. `digest` decides the algorithm, null: sha256. */
export async function openFileIngest(path: string, digest: string | null): Promise<FileIngest> {
  const algorithm = digest === null ? 'sha256' : parseDigest(digest).algorithm;
  const file = await withoutSpaceErrors(() => open(path, 'a+', 0o600));
  try {
    return await continueFile(file, path, algorithm);
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function continueFile(file: FileHandle, path: string, algorithm: DigestAlgorithm): Promise<FileIngest> {
  let hash = createHash(algorithm);
  let written = await rehash(file, hash);
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  let isOpen = true;

  const flush = async (): Promise<void> => {
    const chunks = pending;
    const size = pendingBytes;
    pending = [];
    pendingBytes = 0;
    if (size === 0) return;
    const writing = withoutSpaceErrors(() => writeAll(file, chunks, size));
    // The hash is computed while the disk works. A failed write is thrown below.
    writing.catch(() => {});
    for (const chunk of chunks) hash.update(chunk);
    await writing;
    written += size;
  };
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await file.close();
  };

  return {
    get offset() {
      return written + pendingBytes;
    },
    async write(chunk) {
      pending.push(chunk);
      pendingBytes += chunk.byteLength;
      if (pendingBytes >= FLUSH_BYTES) await flush();
    },
    async restart() {
      await file.truncate(0);
      [hash, written, pending, pendingBytes] = [createHash(algorithm), 0, [], 0];
    },
    async finish() {
      await flush();
      await file.chmod(0o444);
      return { digest: `${algorithm}:${hash.digest('hex')}`, size: written };
    },
    async sync() {
      await withoutSpaceErrors(() => file.datasync());
      await close();
    },
    async suspend() {
      await flush();
      await close();
    },
    async discard() {
      await close();
      await rm(path, { force: true });
    },
  };
}

async function rehash(file: FileHandle, hash: Hash): Promise<number> {
  const buffer = Buffer.allocUnsafe(REHASH_CHUNK_BYTES);
  for (let offset = 0; ;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, offset);
    if (bytesRead === 0) return offset;
    hash.update(buffer.subarray(0, bytesRead));
    offset += bytesRead;
  }
}

/** writev may write less than it was given, above all on a disk that is nearly full. */
async function writeAll(file: FileHandle, chunks: Uint8Array[], size: number): Promise<void> {
  const { bytesWritten } = await file.writev(chunks);
  if (bytesWritten === size) return;
  const rest = Buffer.concat(chunks, size).subarray(bytesWritten);
  for (let offset = 0; offset < rest.byteLength;) {
    offset += (await file.write(rest, offset)).bytesWritten;
  }
}

/** Turns the errors of a full disk into DISK_FULL. */
export async function withoutSpaceErrors<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
    throw new BerthError('DISK_FULL', 'no space left on device', { cause: error });
  }
}

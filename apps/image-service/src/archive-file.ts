import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { BerthError } from '@berth/errors';

/** A file that a client has open. */
export interface ArchiveFile {
  readonly path: string;
  /** Its st_dev and st_ino. */
  readonly device: bigint;
  readonly inode: bigint;
}

const CHUNK_BYTES = 1024 * 1024;

/**
 * Reads a client's file by its path. Throws FILE_NOT_SEEN when it is not there for this process, which may have another view of the file
 * system, or when another one is.
 */
export async function* readArchiveFile(file: ArchiveFile): AsyncGenerator<Uint8Array> {
  await using handle = await openSame(file);
  yield* handle.createReadStream({ highWaterMark: CHUNK_BYTES, autoClose: false }) as AsyncIterable<Uint8Array>;
}

async function openSame({ path, device, inode }: ArchiveFile): Promise<FileHandle> {
  // A pipe in its place must not hold up the service.
  const handle = path.startsWith('/') ? await open(path, constants.O_NONBLOCK).catch(() => null) : null;
  const status = await handle?.stat({ bigint: true });
  if (handle && status?.isFile() && status.dev === device && status.ino === inode) return handle;
  await handle?.close();
  throw new BerthError('FILE_NOT_SEEN', `image-service does not see the file ${path}: send what is in it`);
}

import { open } from 'node:fs/promises';
import { BerthError } from '@berth/errors';
import { errorCode } from '../error-code.ts';
import type { FileRange } from '../ports.ts';

const CHUNK_BYTES = 1024 * 1024;

/** Into one buffer: the memory for new ones costs more than reading does. */
export async function* readFileRange({ path, offset, size }: FileRange): AsyncGenerator<Uint8Array> {
  await using file = await openFile(path);
  const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, size));
  for (let done = 0; done < size;) {
    const chunk = buffer.subarray(0, size - done);
    for (let filled = 0; filled < chunk.length;) {
      const { bytesRead } = await file.read(chunk, filled, chunk.length - filled, offset + done + filled);
      if (bytesRead === 0) throw new BerthError('SIZE_MISMATCH', `${path} has less than ${offset + size} bytes`);
      filled += bytesRead;
    }
    done += chunk.length;
    yield chunk;
  }
}

function openFile(path: string) {
  return open(path).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error;
    throw new BerthError('BLOB_NOT_FOUND', `there is no file ${path}`, { cause: error });
  });
}

import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Writes, and waits while the reader is slower than we are. Throws the signal's reason when that is aborted meanwhile. */
export async function writeAll(stream: Writable, data: Uint8Array | string, signal?: AbortSignal): Promise<void> {
  if (stream.write(data)) return;
  try {
    await once(stream, 'drain', signal ? { signal } : {});
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

import { createReadStream } from 'node:fs';

const CHUNK_BYTES = 1024 * 1024;

/** The bytes of a file. It is opened by who begins to read: nobody has to read one that is gone by then. */
export async function* readChunks(path: string): AsyncGenerator<Buffer> {
  yield* createReadStream(path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>;
}

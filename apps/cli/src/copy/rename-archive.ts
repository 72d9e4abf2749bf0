import { renamed, type NewTop, type TarBytes } from './archive-name.ts';
import {
  BLOCK_BYTES,
  namesOf,
  NO_RECORDS,
  paddedSize,
  parseExtended,
  renameHeader,
  sizeOf,
  TAR_TYPE,
  type PaxRecords,
} from './tar-format.ts';

/** More than any name and all attributes of a file take. */
const EXTENDED_MAX_BYTES = 8 * 1024 * 1024;

/** Told of each entry, with its new name. */
export type OnEntry = (path: string, records: PaxRecords) => void;

/**
 * The same archive with another name for what it holds, or null for the same; all else of it, extended attributes too, goes through as it is.
 * Throws when it is none, or ends too early.
 */
export async function* renameTop(source: TarBytes, top: NewTop | null, onEntry: OnEntry = () => {}): TarBytes {
  const input = createByteReader(source);
  let records = NO_RECORDS;
  for (;;) {
    const block = await input.take(BLOCK_BYTES);
    if (block.every((byte) => byte === 0)) break;
    const type = block.toString('latin1', 156, 157);
    const size = sizeOf(block, records);
    if (type === TAR_TYPE.extended) {
      if (size > EXTENDED_MAX_BYTES) throw new Error('the archive has a header that is too large');
      records = parseExtended((await input.take(paddedSize(size))).subarray(0, size));
      continue;
    }
    const names = namesOf(block);
    const rename = (name: string): string => (top === null ? name : renamed(name, top));
    const path = rename(records.get('path') ?? names.path);
    const link = records.get('linkpath') ?? names.link;
    onEntry(path, records);
    // Hard links name a path of the archive, symbolic links one of the world that they are in.
    yield renameHeader(block, records, { path, link: type === TAR_TYPE.hardLink ? rename(link) : link });
    yield* input.pass(paddedSize(size));
    records = NO_RECORDS;
  }
  yield Buffer.alloc(2 * BLOCK_BYTES);
  await input.drain();
}

interface ByteReader {
  /** So many bytes. Throws when there are fewer. */
  take(size: number): Promise<Buffer>;
  /** So many bytes, in the pieces in which they come. Throws when there are fewer. */
  pass(size: number): TarBytes;
  /** Reads what is left, so that the sender learns of a success. */
  drain(): Promise<void>;
}

function createByteReader(source: TarBytes): ByteReader {
  const iterator = source[Symbol.asyncIterator]();
  let rest: Uint8Array = Buffer.alloc(0);

  async function next(max: number): Promise<Uint8Array> {
    while (rest.length === 0) {
      const { value, done } = await iterator.next();
      if (done === true) throw new Error('the archive ends too early');
      rest = value;
    }
    const piece = rest.subarray(0, max);
    rest = rest.subarray(piece.length);
    return piece;
  }

  async function* pass(size: number): TarBytes {
    for (let left = size; left > 0;) {
      const piece = await next(left);
      left -= piece.length;
      yield piece;
    }
  }

  return {
    async take(size) {
      const pieces: Uint8Array[] = [];
      for await (const piece of pass(size)) pieces.push(piece);
      return Buffer.concat(pieces);
    },
    pass,
    async drain() {
      while ((await iterator.next()).done !== true);
    },
  };
}

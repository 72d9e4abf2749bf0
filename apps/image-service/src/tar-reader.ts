import { BerthError } from '@berth/errors';

/** An entry of a tar archive. Names are as they stand there, hostile ones too. */
export interface ArchiveEntry {
  readonly path: string;
  readonly type: 'file' | 'symlink' | 'hardlink' | 'other';
  readonly size: number;
  /** Of a link. */
  readonly target: string;
  /** The content; what is not read of it is skipped. */
  readonly data: AsyncIterable<Uint8Array>;
}

const BLOCK = 512;
const MAX_EXTENSION_BYTES = 1024 * 1024;
const TYPES: Readonly<Record<string, ArchiveEntry['type']>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
};

/**
 * Reads a tar archive (pax, ustar, GNU and old) as it comes, in memory that does not grow with it. What follows its end is read and
 * dropped. Throws ARCHIVE_INVALID.
 */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<ArchiveEntry> {
  const reader = createReader(source);
  try {
    let records = new Map<string, string>();
    for (;;) {
      const block = await reader.take(BLOCK);
      if (block === null || block.every((byte) => byte === 0)) break;
      const entry = parseHeader(block);
      if (entry.flag === 'x' || entry.flag === 'L' || entry.flag === 'K') {
        records = new Map([...records, ...parseExtension(entry.flag, await readExtension(reader, entry.size))]);
        continue;
      }
      const extended = extend(entry, records);
      records = new Map();
      const data = reader.stream(extended.size);
      yield { ...extended, data: { [Symbol.asyncIterator]: () => ({ next: () => data.next() }) } };
      for await (const chunk of data) void chunk;
      await reader.skip((BLOCK - (extended.size % BLOCK)) % BLOCK);
    }
    await reader.drain();
  } finally {
    await reader.close();
  }
}

interface Header {
  readonly flag: string;
  readonly path: string;
  readonly type: ArchiveEntry['type'];
  readonly size: number;
  readonly target: string;
}

function parseHeader(block: Buffer): Header {
  const sum = block.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  if (parseNumber(block.subarray(148, 156)) !== sum) throw invalid('it is no tar');
  const flag = String.fromCharCode(block[156] as number);
  const prefix = block.toString('latin1', 257, 263) === 'ustar\0' ? text(block.subarray(345, 500)) : '';
  const name = text(block.subarray(0, 100));
  const type = TYPES[flag] ?? 'other';
  return {
    flag,
    type,
    path: prefix === '' ? name : `${prefix}/${name}`,
    size: type === 'symlink' || type === 'hardlink' ? 0 : parseNumber(block.subarray(124, 136)),
    target: text(block.subarray(157, 257)),
  };
}

function extend(header: Header, records: ReadonlyMap<string, string>): Omit<ArchiveEntry, 'data'> {
  const { type } = header;
  const path = records.get('path') ?? header.path;
  const size = records.get('size');
  if (size !== undefined && !/^\d{1,16}$/.test(size)) throw invalid('an entry has no size');
  const isLink = type === 'symlink' || type === 'hardlink';
  const target = records.get('linkpath') ?? header.target;
  return { type, path, target, size: size === undefined || isLink ? header.size : checkedSize(Number(size)) };
}

/** Octal, or in GNU's way binary when the first bit is set. */
function parseNumber(field: Buffer): number {
  if (((field[0] as number) & 0x80) !== 0) {
    const [first = 0, ...rest] = field;
    return checkedSize(rest.reduce((value, byte) => value * 256 + byte, first & 0x7f));
  }
  const digits = text(field).trim();
  if (!/^[0-7]*$/.test(digits)) throw invalid('an entry has a number that is none');
  return digits === '' ? 0 : checkedSize(parseInt(digits, 8));
}

function checkedSize(size: number): number {
  if (!Number.isSafeInteger(size)) throw invalid('an entry is too large');
  return size;
}

type Reader = ReturnType<typeof createReader>;

async function readExtension(reader: Reader, size: number): Promise<Buffer> {
  if (size > MAX_EXTENSION_BYTES) throw invalid('an extended header is too large');
  const bytes = await reader.take(size);
  await reader.skip((BLOCK - (size % BLOCK)) % BLOCK);
  return bytes ?? Buffer.alloc(0);
}

/** https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html, and GNU's long names. */
function parseExtension(flag: string, bytes: Buffer): [string, string][] {
  if (flag === 'L') return [['path', text(bytes)]];
  if (flag === 'K') return [['linkpath', text(bytes)]];
  const records: [string, string][] = [];
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const length = space < 0 ? NaN : Number(bytes.toString('latin1', at, space));
    const record = bytes.toString('utf8', space + 1, at + length - 1);
    const equals = record.indexOf('=');
    if (!Number.isInteger(length) || at + length > bytes.length || space >= at + length || equals < 1) {
      throw invalid('an extended header is broken');
    }
    records.push([record.slice(0, equals), record.slice(equals + 1)]);
    at += length;
  }
  return records;
}

/** Takes bytes off a stream of chunks. */
function createReader(source: AsyncIterable<Uint8Array>) {
  const iterator = source[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array(0);

  /** The next bytes, at most `limit`; null at the end. */
  async function next(limit: number): Promise<Uint8Array | null> {
    while (rest.length === 0) {
      const { done, value } = await iterator.next();
      if (done) return null;
      rest = value;
    }
    const part = rest.subarray(0, limit);
    rest = rest.subarray(part.length);
    return part;
  }

  async function* stream(size: number): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0;) {
      const part = await next(left);
      if (part === null) throw invalid('it is cut off');
      left -= part.length;
      yield part;
    }
  }

  return {
    /** So many bytes, or null when there are none any more. */
    async take(size: number): Promise<Buffer | null> {
      const first = await next(size);
      if (first === null) return null;
      const parts = [first];
      for await (const part of stream(size - first.length)) parts.push(part);
      return Buffer.concat(parts);
    },
    stream,
    async skip(size: number): Promise<void> {
      for await (const part of stream(size)) void part;
    },
    async drain(): Promise<void> {
      while ((await next(Infinity)) !== null);
    },
    async close(): Promise<void> {
      await iterator.return?.();
    },
  };
}

/** Up to the first NUL. */
function text(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? field.length : end);
}

function invalid(detail: string): BerthError {
  return new BerthError('ARCHIVE_INVALID', `the archive is invalid: ${detail}`);
}

import type { FileHandle } from 'node:fs/promises';
import { BerthError } from '@berth/errors';

/** An entry of a tar archive. Names are as they stand there, hostile ones too. */
export interface ArchiveEntry {
  readonly path: string;
  readonly type: 'file' | 'symlink' | 'hardlink' | 'other';
  readonly size: number;
  /** Of a link. */
  readonly target: string;
  /** Where its content begins in the archive. */
  readonly offset: number;
}

const BLOCK = 512;
const MAX_EXTENSION_BYTES = 1024 * 1024;
const WINDOW_BYTES = 64 * 1024;
const TYPES: Readonly<Record<string, ArchiveEntry['type']>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
};

/**
 * Reads what is in a tar archive (pax, ustar, GNU and old), without what is in its files. What follows its end does not count. Throws
 * ARCHIVE_INVALID.
 */
export async function* readTar(file: Pick<FileHandle, 'read'>): AsyncGenerator<ArchiveEntry> {
  const take = createReader(file);
  let records = new Map<string, string>();
  for (let at = 0; ;) {
    const block = await take(at, BLOCK);
    if (block === null || block.every((byte) => byte === 0)) return;
    const entry = parseHeader(block);
    at += BLOCK;
    if (entry.flag === 'x' || entry.flag === 'L' || entry.flag === 'K') {
      if (entry.size > MAX_EXTENSION_BYTES) throw invalid('an extended header is too large');
      const bytes = entry.size === 0 ? Buffer.alloc(0) : await takeAll(take, at, entry.size);
      records = new Map([...records, ...parseExtension(entry.flag, bytes)]);
      at += roundUp(entry.size);
      continue;
    }
    const extended = extend(entry, records);
    records = new Map();
    yield { ...extended, offset: at };
    at += roundUp(extended.size);
    // Its last byte tells that the rest is there too.
    if (extended.size > 0) await takeAll(take, at - 1, 1);
  }
}

function roundUp(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
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

function extend(header: Header, records: ReadonlyMap<string, string>): Omit<ArchiveEntry, 'offset'> {
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

/** So many bytes at an offset; null when the file ends there. */
type Take = (at: number, size: number) => Promise<Buffer | null>;

async function takeAll(take: Take, at: number, size: number): Promise<Buffer> {
  const bytes = await take(at, size);
  if (bytes === null) throw invalid('it is cut off');
  return bytes;
}

/** Small files lie side by side: one read gets many of them. */
function createReader(file: Pick<FileHandle, 'read'>): Take {
  let start = 0;
  let window = Buffer.alloc(0);

  return async function take(at, size) {
    if (at < start || at + size > start + window.length) {
      const buffer = Buffer.alloc(Math.max(WINDOW_BYTES, size));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
      [start, window] = [at, buffer.subarray(0, bytesRead)];
    }
    if (window.length === 0) return null;
    const found = window.subarray(at - start, at - start + size);
    if (found.length < size) throw invalid('it is cut off');
    return found;
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

// Headers of tar archives (https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html). Names are bytes, and may be no UTF-8: they
// are held as latin1 strings, one character a byte.

export const BLOCK_BYTES = 512;

/** What an entry is: the type flag of its header. */
export const TAR_TYPE = {
  file: '0',
  hardLink: '1',
  symbolicLink: '2',
  characterDevice: '3',
  blockDevice: '4',
  directory: '5',
  fifo: '6',
  extended: 'x',
} as const;

/** What an extended header says, in order: `path`, `linkpath`, `size`, `mtime`, `SCHILY.xattr.user.a` … */
export type PaxRecords = ReadonlyMap<string, string>;

export const NO_RECORDS: PaxRecords = new Map();

/** An entry of an archive, without its content. */
export interface TarHeader {
  readonly path: string;
  readonly type: string;
  /** The permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly mtimeNs: bigint;
  readonly link: string;
  readonly major: number;
  readonly minor: number;
  /** What else is to be said. */
  readonly records: PaxRecords;
}

const NAME = { at: 0, length: 100 };
const LINK = { at: 157, length: 100 };
const SIZE = { at: 124, length: 12 };
const CHECKSUM = { at: 148, length: 8 };
const PREFIX = { at: 345, length: 155 };

/** A header, after an extended one when it says more than a plain one can. */
export function encodeHeader(header: TarHeader): Buffer {
  const { path, type, mode, uid, gid, sizeBytes, mtimeNs, link, major, minor } = header;
  const records = new Map(header.records);
  const block = Buffer.alloc(BLOCK_BYTES);
  const putNumber = (name: string, value: number, ...[at, length]: [number, number]): void => {
    const digits = value.toString(8);
    const fits = value >= 0 && digits.length < length;
    if (!fits) records.set(name, String(value));
    block.write((fits ? digits : '').padStart(length - 1, '0'), at);
  };
  putNumber('mode', mode, 100, 8);
  putNumber('uid', uid, 108, 8);
  putNumber('gid', gid, 116, 8);
  putNumber('size', sizeBytes, SIZE.at, SIZE.length);
  putNumber('mtime', Number(mtimeNs / 1_000_000_000n), 136, 12);
  if (mtimeNs % 1_000_000_000n !== 0n) records.set('mtime', formatSeconds(mtimeNs));
  block.write(type, 156);
  block.write('ustar\0' + '00', 257);
  putNumber('major', major, 329, 8);
  putNumber('minor', minor, 337, 8);
  return renameHeader(block, records, { path, link });
}

/** The header of an entry under other names, after the extended header that it then has. */
export function renameHeader(
  block: Buffer,
  records: PaxRecords,
  { path, link }: { path: string; link: string },
): Buffer {
  const renamed = new Map(records);
  const result = Buffer.from(block);
  result.fill(0, PREFIX.at, PREFIX.at + PREFIX.length);
  putName(result, renamed, { key: 'path', text: path, field: NAME });
  putName(result, renamed, { key: 'linkpath', text: link, field: LINK });
  putChecksum(result);
  return renamed.size === 0 ? result : Buffer.concat([encodeExtended(renamed), result]);
}

/** The name and the link of a header, as far as it has them itself. */
export function namesOf(block: Buffer): { path: string; link: string } {
  const prefix = textOf(block, PREFIX);
  const name = textOf(block, NAME);
  const hasPrefix = prefix !== '' && block.toString('latin1', 257, 263) === 'ustar\0';
  return { path: hasPrefix ? `${prefix}/${name}` : name, link: textOf(block, LINK) };
}

/** The size of the content of an entry. */
export function sizeOf(block: Buffer, records: PaxRecords): number {
  const size = records.get('size') ?? String(Number.parseInt(textOf(block, SIZE).trim(), 8));
  if (!/^\d+$/.test(size)) throw new Error('the archive has an entry without a size');
  return Number(size);
}

/** With the zeros after it. */
export function paddedSize(sizeBytes: number): number {
  return Math.ceil(sizeBytes / BLOCK_BYTES) * BLOCK_BYTES;
}

/** Records that are no `<length> <key>=<value>\n` end what is read. */
export function parseExtended(content: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < content.length;) {
    const length = Number.parseInt(content.toString('latin1', at, at + 20), 10);
    if (!(length > 0)) break;
    const record = content.toString('latin1', content.indexOf(' ', at) + 1, at + length - 1);
    const equals = record.indexOf('=');
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return records;
}

function encodeExtended(records: PaxRecords): Buffer {
  const content = Buffer.from([...records].map(([key, value]) => encodeRecord(key, value)).join(''), 'latin1');
  const block = Buffer.alloc(BLOCK_BYTES);
  block.write('PaxHeaders', NAME.at);
  block.write('0000644\0' + '0000000\0' + '0000000\0', 100);
  block.write(content.length.toString(8).padStart(11, '0'), SIZE.at);
  block.write('0'.repeat(11), 136);
  block.write(TAR_TYPE.extended, 156);
  block.write('ustar\0' + '00', 257);
  putChecksum(block);
  return Buffer.concat([block, content, Buffer.alloc(paddedSize(content.length) - content.length)]);
}

/** A record begins with its own length, its digits included. */
function encodeRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length++;
  return `${length}${rest}`;
}

function putName(
  block: Buffer,
  records: Map<string, string>,
  { key, text, field }: { key: string; text: string; field: typeof NAME },
): void {
  block.fill(0, field.at, field.at + field.length);
  block.write(text, field.at, field.length, 'latin1');
  records.delete(key);
  if (text.length > field.length || /[^\0-\x7f]/.test(text)) records.set(key, text);
}

function putChecksum(block: Buffer): void {
  block.fill(' ', CHECKSUM.at, CHECKSUM.at + CHECKSUM.length);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, CHECKSUM.at);
}

function textOf(block: Buffer, { at, length }: typeof NAME): string {
  const text = block.toString('latin1', at, at + length);
  const end = text.indexOf('\0');
  return end === -1 ? text : text.slice(0, end);
}

function formatSeconds(ns: bigint): string {
  const size = ns < 0n ? -ns : ns;
  return `${ns < 0n ? '-' : ''}${size / 1_000_000_000n}.${String(size % 1_000_000_000n).padStart(9, '0')}`;
}

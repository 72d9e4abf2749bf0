/** An entry of a tar archive, as layers are made of. Paths are written as they are, hostile ones too: tests need them. */
export interface TarEntry {
  readonly path: string;
  /** Default: file. */
  readonly type?: 'file' | 'directory' | 'symlink' | 'hardlink' | 'character-device' | 'fifo';
  /** Only of a file. */
  readonly content?: string | Uint8Array;
  /** Target of a symlink or hard link. */
  readonly target?: string;
  /** Default: 0o755 for a directory, 0o644 otherwise. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Seconds since 1970; default 0, so that archives are reproducible. */
  readonly mtime?: number;
  /** More pax records: `SCHILY.xattr.user.a`. */
  readonly pax?: Readonly<Record<string, string>>;
}

const BLOCK = 512;
/** Eleven octal digits; more goes into a pax record. */
const MAX_OCTAL_SIZE = 8 ** 11 - 1;
const TYPE_FLAGS = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  'character-device': '3',
  directory: '5',
  fifo: '6',
} as const;

/** Writes a POSIX (pax) tar archive (https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html). */
export function writeTar(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(writeEntry), TAR_END]);
}

function writeEntry(entry: TarEntry): Buffer[] {
  const content = Buffer.from(entry.content ?? '');
  return [tarHeader(entry, content.byteLength), ...padded(content)];
}

/** The header of an entry, for who writes its content of `sizeBytes` himself, and `tarPadding` after it. */
export function tarHeader(entry: Omit<TarEntry, 'content'>, sizeBytes: number): Buffer {
  const isHuge = sizeBytes > MAX_OCTAL_SIZE;
  const records = { ...longNames(entry), ...(isHuge ? { size: String(sizeBytes) } : {}), ...entry.pax };
  const pax = Object.entries(records)
    .map(([key, value]) => paxRecord(key, value))
    .join('');
  const paxBlocks =
    pax === '' ? [] : [header({ path: 'pax', mode: 0o644 }, 'x', Buffer.byteLength(pax)), ...padded(Buffer.from(pax))];
  return Buffer.concat([...paxBlocks, header(entry, TYPE_FLAGS[entry.type ?? 'file'], isHuge ? 0 : sizeBytes)]);
}

/** The zeros after a content of that size. */
export function tarPadding(sizeBytes: number): Buffer {
  return Buffer.alloc((BLOCK - (sizeBytes % BLOCK)) % BLOCK);
}

/** Ends an archive. */
export const TAR_END: Uint8Array = Buffer.alloc(2 * BLOCK);

function longNames({ path, target = '' }: TarEntry): Record<string, string> {
  const long = (name: string) => Buffer.byteLength(name) > 100;
  return { ...(long(path) ? { path } : {}), ...(long(target) ? { linkpath: target } : {}) };
}

function header(entry: TarEntry, typeFlag: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const defaultMode = entry.type === 'directory' ? 0o755 : 0o644;
  const octal = (value: number, length: number) => value.toString(8).padStart(length - 1, '0');
  block.write(entry.path, 0, 100);
  block.write(octal(entry.mode ?? defaultMode, 8), 100);
  block.write(octal(entry.uid ?? 0, 8), 108);
  block.write(octal(entry.gid ?? 0, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(entry.mtime ?? 0, 12), 136);
  block.write(' '.repeat(8), 148);
  block.write(typeFlag, 156);
  block.write(entry.target ?? '', 157, 100);
  block.write('ustar\u000000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 7)}\0 `, 148);
  return block;
}

/** A pax record begins with its own length, its digits included. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = Buffer.byteLength(rest);
  while (String(length).length + Buffer.byteLength(rest) !== length)
    length = String(length).length + Buffer.byteLength(rest);
  return `${length}${rest}`;
}

function padded(content: Buffer): Buffer[] {
  return [content, tarPadding(content.byteLength)];
}

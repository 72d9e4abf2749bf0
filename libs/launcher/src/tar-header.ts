const TYPE_FLAGS = { file: '0', hardlink: '1', directory: '5' } as const;

/** One entry of an archive, owned by root. */
export interface TarEntry {
  /** At most 100 bytes; a directory ends with a slash. */
  readonly path: string;
  readonly mode: number;
  readonly mtimeSeconds: number;
  readonly type: keyof typeof TYPE_FLAGS;
  /** Of a file. */
  readonly sizeBytes?: number;
  /** Of a hard link: a path in the archive, at most 100 bytes. */
  readonly linkTarget?: string;
}

/** The 512-byte ustar header of an entry (POSIX.1-2017, pax, "ustar Interchange Format"). */
export function createTarHeader(entry: TarEntry): Buffer {
  const header = Buffer.alloc(512);
  const octal = (value: number, offset: number, length: number) =>
    header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset, 'latin1');
  header.write(entry.path, 0, 100);
  octal(entry.mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(entry.sizeBytes ?? 0, 124, 12);
  octal(entry.mtimeSeconds, 136, 12);
  header.fill(' ', 148, 156);
  header.write(TYPE_FLAGS[entry.type], 156);
  header.write(entry.linkTarget ?? '', 157, 100);
  header.write('ustar\x0000', 257, 'latin1');
  header.write('root', 265);
  header.write('root', 297);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

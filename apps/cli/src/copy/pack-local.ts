import { constants, type BigIntStats } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import { major, minor } from './device-numbers.ts';
import type { TarBytes } from './archive-name.ts';
import { CAPABILITY_RECORD, readCapabilities } from './capabilities.ts';
import { BLOCK_BYTES, encodeHeader, NO_RECORDS, paddedSize, TAR_TYPE, type PaxRecords } from './tar-format.ts';

const CHUNK_BYTES = 256 * 1024;

/** Names are held as latin1 strings, one character a byte: see tar-format.ts. */
interface Packing {
  /** The first name of each file that has several, by device and inode. */
  readonly links: Map<string, string>;
  /** By path. */
  readonly capabilities: ReadonlyMap<string, string>;
  readonly onLeftOut: (path: string) => void;
}

/**
 * What lies at `path`, as an archive whose first path element is `newName`; `.` leaves that element away. A symbolic link is not followed.
 * `onLeftOut` is told of each socket, which no archive can have. Throws when something cannot be read.
 */
export async function* packLocal(path: string, newName: string, onLeftOut: (path: string) => void): TarBytes {
  const name = newName === '.' ? '' : Buffer.from(newName).toString('latin1');
  const capabilities = await readCapabilities(path);
  yield* packEntry(Buffer.from(path).toString('latin1'), name, { links: new Map(), capabilities, onLeftOut });
  yield Buffer.alloc(2 * BLOCK_BYTES);
}

async function* packEntry(path: string, name: string, packing: Packing): TarBytes {
  const stats = await lstat(bytes(path), { bigint: true });
  if (stats.isSocket()) {
    packing.onLeftOut(bytes(path).toString());
    return;
  }
  const first = linkOf(stats, name, packing);
  if (first !== null) yield encodeEntry(stats, { name, type: TAR_TYPE.hardLink, link: first });
  else if (stats.isDirectory()) yield* packDirectory(path, { stats, name }, packing);
  else if (stats.isFile()) yield* packFile(path, name, packing);
  else if (stats.isSymbolicLink()) {
    const link = await readlink(bytes(path), { encoding: 'latin1' });
    yield encodeEntry(stats, { name, type: TAR_TYPE.symbolicLink, link });
  } else yield encodeEntry(stats, { name, type: nodeType(stats) });
}

/** The name under which the archive has the same file already; null when this is the first. */
function linkOf(stats: BigIntStats, name: string, { links }: Packing): string | null {
  if (stats.isDirectory() || stats.nlink < 2n) return null;
  const key = `${stats.dev}:${stats.ino}`;
  const first = links.get(key) ?? null;
  if (first === null) links.set(key, name);
  return first;
}

async function* packDirectory(
  path: string,
  { stats, name }: { stats: BigIntStats; name: string },
  packing: Packing,
): TarBytes {
  yield encodeEntry(stats, { name: name === '' ? './' : `${name}/`, type: TAR_TYPE.directory });
  const names = await readdir(bytes(path), { encoding: 'latin1' });
  for (const child of names.sort()) {
    yield* packEntry(`${path}/${child}`, name === '' ? child : `${name}/${child}`, packing);
  }
}

async function* packFile(path: string, name: string, { capabilities }: Packing): TarBytes {
  // Not followed when it has become a link meanwhile, not waited for when it has become a pipe.
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  await using file = await open(bytes(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  const stats = await file.stat({ bigint: true });
  if (!stats.isFile()) throw new Error(`${bytes(path)} was replaced while it was copied`);
  const size = Number(stats.size);
  const capability = capabilities.get(path);
  const records = new Map(capability === undefined ? [] : [[CAPABILITY_RECORD, capability]]);
  yield encodeEntry(stats, { name, type: TAR_TYPE.file, size, records });
  for (let at = 0; at < size;) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size - at));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
    if (bytesRead === 0) throw new Error(`${bytes(path)} became shorter while it was copied`);
    yield chunk.subarray(0, bytesRead);
    at += bytesRead;
  }
  if (paddedSize(size) > size) yield Buffer.alloc(paddedSize(size) - size);
}

function nodeType(stats: BigIntStats): string {
  if (stats.isFIFO()) return TAR_TYPE.fifo;
  return stats.isBlockDevice() ? TAR_TYPE.blockDevice : TAR_TYPE.characterDevice;
}

interface EntryFields {
  readonly name: string;
  readonly type: string;
  readonly link?: string;
  readonly size?: number;
  readonly records?: PaxRecords;
}

function encodeEntry(
  stats: BigIntStats,
  { name, type, link = '', size = 0, records = NO_RECORDS }: EntryFields,
): Buffer {
  return encodeHeader({
    path: name,
    type,
    mode: Number(stats.mode) & 0o7777,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    sizeBytes: size,
    mtimeNs: stats.mtimeNs,
    link,
    major: major(stats.rdev),
    minor: minor(stats.rdev),
    records,
  });
}

function bytes(path: string): Buffer {
  return Buffer.from(path, 'latin1');
}

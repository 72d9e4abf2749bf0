import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync, type Stats } from 'node:fs';

const O_PATH = 0o10000000;
const LINKS_MAX = 40;

/**
 * Reads a regular file as overlayfs would show it in a stack of directories (uppermost first), without a mount. Symbolic links are
 * followed inside the stack. Each step is taken from an open directory and no name is resolved twice, because the uppermost
 * directory belongs to a container that may be changing it. Null when there is no such file, it is larger than `maxBytes`, or not regular.
 */
export function readMergedFile(directories: readonly string[], path: string, maxBytes: number): Uint8Array | null {
  const fds: number[] = [];
  const open = (name: string): number => {
    const fd = openSync(name, O_PATH | constants.O_NOFOLLOW);
    fds.push(fd);
    return fd;
  };
  try {
    const found = walk(directories.map(open), path, open);
    return found === null ? null : readRegular(found, maxBytes);
  } finally {
    for (const fd of fds) closeSync(fd);
  }
}

/** A directory of the merged view: the same directory of each layer that has it, uppermost first. */
type Merged = readonly number[];

type Entry = { kind: 'directory'; fds: Merged } | { kind: 'link'; target: string } | { kind: 'file'; fd: number };

type Open = (name: string) => number;

/** Walks to a file and returns its fd. */
function walk(root: Merged, path: string, open: Open): number | null {
  const names = path.split('/').reverse();
  const trail: Merged[] = [root];
  let links = 0;
  while (names.length > 0) {
    const name = names.pop() as string;
    if (name === '' || name === '.') continue;
    if (name === '..') {
      if (trail.length > 1) trail.pop();
      continue;
    }
    const entry = look(trail.at(-1) as Merged, name, open);
    if (entry === null) return null;
    if (entry.kind === 'file') return names.some((rest) => rest !== '') ? null : entry.fd;
    if (entry.kind === 'directory') {
      trail.push(entry.fds);
      continue;
    }
    if (++links > LINKS_MAX) return null;
    if (entry.target.startsWith('/')) trail.length = 1;
    names.push(...entry.target.split('/').reverse());
  }
  return null;
}

/** What a name is in a merged directory, by overlayfs's rules: the uppermost wins, directories merge, a whiteout ends the search. */
function look(directory: Merged, name: string, open: Open): Entry | null {
  const found: number[] = [];
  for (const parent of directory) {
    const path = `/proc/self/fd/${parent}/${name}`;
    const fd = ignoringAbsence(() => open(path));
    if (fd === null) continue;
    const status = fstatSync(fd);
    if (status.isDirectory()) {
      found.push(fd);
      continue;
    }
    if (found.length > 0 || isWhiteout(status)) break;
    if (!status.isSymbolicLink()) return { kind: 'file', fd };
    const target = ignoringAbsence(() => readlinkSync(path));
    return target === null ? null : { kind: 'link', target };
  }
  return found.length > 0 ? { kind: 'directory', fds: found } : null;
}

function isWhiteout(status: Stats): boolean {
  return status.isCharacterDevice() && status.rdev === 0;
}

function readRegular(fd: number, maxBytes: number): Uint8Array | null {
  const status = fstatSync(fd);
  if (!status.isFile() || status.size > maxBytes) return null;
  // Opens the very file that was looked at, for reading this time. It may grow meanwhile.
  const reading = openSync(`/proc/self/fd/${fd}`, constants.O_RDONLY);
  try {
    const buffer = Buffer.alloc(Math.min(status.size, maxBytes) + 1);
    const length = readSync(reading, buffer, 0, buffer.length, 0);
    return length > maxBytes ? null : Buffer.from(buffer.subarray(0, length));
  } finally {
    closeSync(reading);
  }
}

function ignoringAbsence<Result>(call: () => Result): Result | null {
  try {
    return call();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EINVAL' || code === 'ENAMETOOLONG') return null;
    throw error;
  }
}

import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync, type Stats } from 'node:fs';

const O_PATH = 0o10000000;
const LINKS_MAX = 40;

/** Directories as overlayfs stacks them. */
export interface LayerStack {
  /** Uppermost of all, and may change at any time; null when there is none. */
  readonly upperDir: string | null;
  /** Uppermost first. They never change, nor do their names come again. */
  readonly lowerDirs: readonly string[];
}

/**
 * Reads a regular file of a stack as overlayfs shows it. Symbolic links are followed inside the stack. Null when there is no such file, it is
 * larger than `maxBytes`, or not regular.
 */
export type ReadMergedFile = (stack: LayerStack, path: string, maxBytes: number) => Promise<Uint8Array | null>;

/** How many directories of layers are remembered. */
const KNOWN_MAX = 1024;

/**
 * Reads without a mount. Each step is taken from an open directory and no name is resolved twice, because the upper directory belongs to a
 * container that may be changing it. Node reads no extended attributes: `isOpaque` tells of a directory whether it hides what is below,
 * and is asked only when that matters.
 */
export function createReadMergedFile(isOpaque: (directory: string) => Promise<boolean>): ReadMergedFile {
  const known = new Map<string, Promise<boolean>>();

  function askOnce(place: string, fd: number): Promise<boolean> {
    const answer = known.get(place) ?? isOpaque(openPath(fd));
    known.delete(place);
    known.set(place, answer);
    answer.catch(() => known.delete(place));
    const [oldest] = known.keys();
    if (known.size > KNOWN_MAX && oldest !== undefined) known.delete(oldest);
    return answer;
  }

  return async ({ upperDir, lowerDirs }, path, maxBytes) => {
    const fds: number[] = [];
    const open = (name: string): number => {
      const fd = openSync(name, O_PATH | constants.O_NOFOLLOW);
      fds.push(fd);
      return fd;
    };
    const hidesBelow = async ({ fd, place, isRoot }: Directory): Promise<boolean> => {
      if (isRoot) return false;
      return place === null ? isOpaque(openPath(fd)) : askOnce(place, fd);
    };
    try {
      const lower: Directory[] = lowerDirs.map((place) => ({ fd: open(place), place, isRoot: true }));
      const upper: Directory[] = upperDir === null ? [] : [{ fd: open(upperDir), place: null, isRoot: true }];
      const found = await walk([...upper, ...lower], path, { open, hidesBelow });
      return found === null ? null : readRegular(found, maxBytes);
    } finally {
      for (const fd of fds) closeSync(fd);
    }
  };
}

/** A path to what is open, for another process. */
function openPath(fd: number): string {
  return `/proc/${process.pid}/fd/${fd}`;
}

/** A directory of one layer. */
interface Directory {
  readonly fd: number;
  /** Where it is, for good; null for one that may change. */
  readonly place: string | null;
  /** Roots hide nothing, whatever they say. */
  readonly isRoot: boolean;
}

/** A directory of the merged view: the same directory of each layer that has it, uppermost first; some may hide those below. */
type Merged = readonly Directory[];

type Entry = { kind: 'directory'; merged: Merged } | { kind: 'link'; target: string } | { kind: 'file'; fd: number };

interface Means {
  /** An fd that is closed at the end. */
  open(name: string): number;
  hidesBelow(directory: Directory): Promise<boolean>;
}

/** Walks to a file and returns its fd. */
async function walk(root: Merged, path: string, means: Means): Promise<number | null> {
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
    const entry = await look(trail.at(-1) as Merged, name, means);
    if (entry === null) return null;
    if (entry.kind === 'file') return names.some((rest) => rest !== '') ? null : entry.fd;
    if (entry.kind === 'directory') {
      trail.push(entry.merged);
      continue;
    }
    if (++links > LINKS_MAX) return null;
    if (entry.target.startsWith('/')) trail.length = 1;
    names.push(...entry.target.split('/').reverse());
  }
  return null;
}

/** What a name is in a merged directory, by overlayfs's rules: the uppermost wins, directories merge, a whiteout ends the search. */
async function look(parents: Merged, name: string, { open, hidesBelow }: Means): Promise<Entry | null> {
  const merged: Directory[] = [];
  let seen = 0;
  for (const [depth, { fd: parent, place }] of parents.entries()) {
    const path = `/proc/self/fd/${parent}/${name}`;
    const fd = ignoringAbsence(() => open(path));
    if (fd === null) continue;
    // What those above it hide matters only now that there is something to hide.
    if (await isAny(parents.slice(seen, depth), hidesBelow)) break;
    seen = depth;
    const status = fstatSync(fd);
    if (status.isDirectory()) {
      merged.push({ fd, place: place === null ? null : `${place}/${name}`, isRoot: false });
      continue;
    }
    if (merged.length > 0 || isWhiteout(status)) break;
    if (!status.isSymbolicLink()) return { kind: 'file', fd };
    const target = ignoringAbsence(() => readlinkSync(path));
    return target === null ? null : { kind: 'link', target };
  }
  return merged.length > 0 ? { kind: 'directory', merged } : null;
}

async function isAny(directories: Merged, test: Means['hidesBelow']): Promise<boolean> {
  for (const directory of directories) if (await test(directory)) return true;
  return false;
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

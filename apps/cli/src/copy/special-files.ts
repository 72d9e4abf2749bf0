import { execFile } from 'node:child_process';
import { lstat, rm, utimes, lchown } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

/** A pipe or a device that an archive holds. */
export interface SpecialFile {
  /** Absolute, inside the directory that the archive goes to. */
  readonly path: string;
  readonly type: 'FIFO' | 'CharacterDevice' | 'BlockDevice';
  /** The permission bits. */
  readonly mode: number;
  readonly major: number;
  readonly minor: number;
  readonly mtime: Date | undefined;
  /** Null leaves what it is made as. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
}

const LETTERS = { FIFO: 'p', CharacterDevice: 'c', BlockDevice: 'b' } as const;

/**
 * Makes one, in the place of what is no directory. Node has no call for it, so mknod(1) does it. Throws when a link leads to its place:
 * it may lead out of the directory.
 */
export async function makeSpecialFile(file: SpecialFile, root: string): Promise<void> {
  const { path, type, mode, major, minor, mtime, owner } = file;
  await checkParents(path, root);
  await rm(path, { force: true });
  const numbers = type === 'FIFO' ? [] : [String(major), String(minor)];
  await promisify(execFile)('mknod', ['-m', mode.toString(8), path, LETTERS[type], ...numbers]);
  if (owner !== null) await lchown(path, owner.uid, owner.gid);
  if (mtime !== undefined) await utimes(path, mtime, mtime);
}

/** Throws when a link leads from `root` to a path in it. */
export async function checkParents(path: string, root: string): Promise<void> {
  for (let parent = dirname(path); parent.length > root.length; parent = dirname(parent)) {
    if (!(await lstat(parent)).isDirectory()) throw new Error(`cannot make ${path}: ${parent} is no directory`);
  }
}

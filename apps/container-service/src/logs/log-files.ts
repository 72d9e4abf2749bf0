import { open, stat, type FileHandle } from 'node:fs/promises';
import { isFullRecord } from './log-record.ts';

/** A file of a log, open. */
export interface LogFile {
  readonly handle: FileHandle;
  readonly inode: bigint;
}

const BLOCK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;
const MAX_FILES = 100;

/**
 * Opens all files of a log, oldest first: `<path>.2`, `<path>.1`, `<path>`. A rotation meanwhile may show a file under two names; it is
 * opened once. Empty when there is no log.
 */
export async function openLogFiles(path: string): Promise<LogFile[]> {
  const files: LogFile[] = [];
  for (let index = 0; index < MAX_FILES; index++) {
    const file = await openLogFile(index === 0 ? path : `${path}.${index}`);
    if (file === null) break;
    if (files.some(({ inode }) => inode === file.inode)) await file.handle.close();
    else files.unshift(file);
  }
  return files;
}

/** Opens one file; null when there is none. */
async function openLogFile(path: string): Promise<LogFile | null> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const { ino } = await handle.stat({ bigint: true });
  return { handle, inode: ino };
}

/** The inode that a path has now, or null. */
export async function inodeOf(path: string): Promise<bigint | null> {
  const found = await stat(path, { bigint: true }).catch(() => null);
  return found === null ? null : found.ino;
}

/** Where to start reading for the last lines of a log. */
export interface LogPosition {
  /** Index of the file. */
  readonly file: number;
  /** Byte offset in it. */
  readonly offset: number;
}

/** Finds where the last `lines` lines of output begin, reading backwards from the end. */
export async function findTail(files: readonly LogFile[], lines: number): Promise<LogPosition> {
  if (lines === 0) return endOf(files);
  let found = 0;
  let isLast = true;
  for (let file = files.length - 1; file >= 0; file--) {
    const { handle } = files[file] as LogFile;
    for await (const { record, end } of recordsBackwards(handle)) {
      const full = isFullRecord(record);
      if (full && found === lines) return { file, offset: end };
      // The last line counts although its end is not there yet.
      if (full || isLast) found++;
      isLast = false;
    }
  }
  return { file: 0, offset: 0 };
}

async function endOf(files: readonly LogFile[]): Promise<LogPosition> {
  const last = files.at(-1);
  if (last === undefined) return { file: 0, offset: 0 };
  return { file: files.length - 1, offset: (await last.handle.stat()).size };
}

/** The records of a file from its end, each with its newline and the offset behind it. What follows the last newline is left out. */
async function* recordsBackwards(handle: FileHandle): AsyncGenerator<{ record: Buffer; end: number }> {
  let position = (await handle.stat()).size;
  let tail: Buffer = Buffer.alloc(0);
  let complete = false;
  while (position > 0) {
    const length = Math.min(BLOCK_BYTES, position);
    position -= length;
    const block = Buffer.alloc(length);
    await handle.read(block, 0, length, position);
    tail = Buffer.concat([block, tail]);
    for (let end = tail.lastIndexOf(NEWLINE); end !== -1;) {
      const start = end === 0 ? -1 : tail.lastIndexOf(NEWLINE, end - 1);
      if (!complete) tail = tail.subarray(0, end + 1);
      complete = true;
      // Its beginning may lie in the block before.
      if (start === -1) break;
      yield { record: tail.subarray(start + 1, end + 1), end: position + end + 1 };
      tail = tail.subarray(0, start + 1);
      end = start;
    }
  }
  if (complete && tail.length > 0) yield { record: tail, end: tail.length };
}

import type { LogPosition, LostOutput, OutputChunk, OutputGap } from '../ports/process.ts';
import type { LogFile } from './log-files.ts';
import { collectText } from './log-text.ts';
import { createRecordCutter } from './record-cutter.ts';

/** A part of a log file, both offsets in bytes. */
interface Part {
  readonly file: LogFile;
  readonly start: number;
  readonly end: number;
}

/** A log file and what tells it from the others. */
interface KnownFile {
  readonly file: LogFile;
  /** The time of its first record, which grows from file to file: it sorts as text. */
  readonly name: string;
  readonly size: number;
}

const BLOCK_BYTES = 64 * 1024;

/**
 * Reads what a client lacks from the files of a log, given oldest first, in the order in which it was written. What was rotated away comes
 * first, as the number of its bytes; where the gap has no known end it cannot be told.
 */
export async function* readGap(
  files: readonly LogFile[],
  { from, to }: OutputGap,
): AsyncGenerator<OutputChunk | LostOutput, void, undefined> {
  const known = await Promise.all(files.map(identify));
  const { parts, lostBytes } =
    to === null ? { parts: partsSince(known, from), lostBytes: 0 } : partsBetween(known, from, to);
  if (lostBytes > 0) yield { stream: 'lost', bytes: lostBytes };
  for (const part of parts) yield* readPart(part);
}

async function identify(file: LogFile): Promise<KnownFile> {
  const head = Buffer.alloc(FILE_NAME_BYTES);
  const { bytesRead } = await file.handle.read(head, 0, head.length, 0);
  const { size } = await file.handle.stat();
  return { file, size, name: bytesRead < head.length ? '' : head.toString('latin1') };
}

/** So many bytes at the beginning of a file tell it from the others. */
const FILE_NAME_BYTES = 30;

function partsSince(files: readonly KnownFile[], from: LogPosition): Part[] {
  return files
    .filter(({ name }) => name >= from.file)
    .map(({ file, name, size }) => ({ file, start: name === from.file ? from.offsetBytes : 0, end: size }));
}

/** Counted from the end, as the files have all bytes without a hole, and old ones go first. */
function partsBetween(
  files: readonly KnownFile[],
  from: LogPosition,
  to: LogPosition,
): { parts: Part[]; lostBytes: number } {
  const parts: Part[] = [];
  let left = to.totalBytes - from.totalBytes;
  const last = files.findIndex(({ name }) => name === to.file);
  for (const { file, name, size } of files.slice(0, last + 1).toReversed()) {
    if (left === 0) break;
    const end = name === to.file ? to.offsetBytes : size;
    const start = Math.max(0, end - left);
    parts.unshift({ file, start, end });
    left -= end - start;
  }
  return { parts, lostBytes: left };
}

async function* readPart({ file, start, end }: Part): AsyncGenerator<OutputChunk, void, undefined> {
  const text = collectText(false);
  const cut = createRecordCutter(text.add);
  for (let at = start; at < end;) {
    const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, end - at));
    const { bytesRead } = await file.handle.read(block, 0, block.length, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    cut(block.subarray(0, bytesRead));
    yield* text.take();
  }
}

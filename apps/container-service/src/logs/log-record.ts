/** A piece of a log: a line, or what there is of one. */
export interface LogEntry {
  /** Unix time in nanoseconds. */
  readonly timeNs: bigint;
  readonly stream: LogStream;
  /** With the newline when it ended with one. */
  readonly data: Buffer;
}

/** What a container writes to. */
export type LogStream = 'stdout' | 'stderr';

/** Where the parts of a record lie in the bytes of a log: an object and no copies, as a log has very many. */
export interface LogRecord {
  readonly bytes: Buffer;
  readonly start: number;
  /** Where the space behind the time is. */
  readonly timeEnd: number;
  readonly dataStart: number;
  /** Behind the newline that the output had, or behind the last byte of a piece. */
  readonly dataEnd: number;
  readonly stream: LogStream;
  /** False for a piece without the end of its line. */
  readonly full: boolean;
}

const SPACE = 0x20;
const PARTIAL = 0x50;
const STDERR_FIRST = 'stderr'.charCodeAt(3);
/** As long as the keeper writes it, with nanoseconds. */
const TIME_LENGTH = '2026-11-24T05:41:37.000000001Z'.length;

/**
 * Finds the parts of the record from `start` to `end`, its newline included: `<RFC 3339, nanoseconds> stdout|stderr F|P <bytes>\n` (the CRI
 * log format, https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md). Null when it is damaged.
 */
export function findRecord(bytes: Buffer, start: number, end: number): LogRecord | null {
  const timeEnd = findTimeEnd(bytes, start, end);
  const tag = timeEnd + 8;
  if (timeEnd < start + SECOND_LENGTH || tag + 1 >= end) return null;
  if (bytes[tag - 1] !== SPACE || bytes[tag + 1] !== SPACE) return null;
  const full = bytes[tag] !== PARTIAL;
  const stream = bytes[timeEnd + 4] === STDERR_FIRST ? 'stderr' : 'stdout';
  return { bytes, start, timeEnd, dataStart: tag + 2, dataEnd: full ? end : end - 1, stream, full };
}

function findTimeEnd(bytes: Buffer, start: number, end: number): number {
  const usual = start + TIME_LENGTH;
  return usual < end && bytes[usual] === SPACE ? usual : bytes.indexOf(SPACE, start);
}

/** Tells whether the record, given with its newline, ends a line of output. */
export function isFullRecord(line: Buffer): boolean {
  return line[findTimeEnd(line, 0, line.length) + 8] !== PARTIAL;
}

const SECOND_LENGTH = '2026-11-24T05:41:37'.length;
const DOT = 0x2e;
const ZERO = 0x30;

let lastSecond = '';
let lastSecondNs = 0n;

/**
 * When a record was written, in nanoseconds of Unix time; null when it is damaged. Most records share their second with the one before, and
 * parsing a date costs more than all the rest.
 */
export function timeOf({ bytes, start, timeEnd }: LogRecord): bigint | null {
  const second = bytes.toString('latin1', start, start + SECOND_LENGTH);
  if (second !== lastSecond) {
    const ms = Date.parse(`${second}Z`);
    if (Number.isNaN(ms)) return null;
    lastSecond = second;
    lastSecondNs = BigInt(ms) * 1_000_000n;
  }
  return lastSecondNs + BigInt(parseFraction(bytes, start + SECOND_LENGTH, timeEnd));
}

/** The nanoseconds of the fraction behind a second, which has one to nine digits or is not there. */
function parseFraction(bytes: Buffer, start: number, end: number): number {
  if (bytes[start] !== DOT) return 0;
  let nanos = 0;
  let unit = 100_000_000;
  for (let at = start + 1; at < end && unit >= 1; at++, unit /= 10) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) break;
    nanos += digit * unit;
  }
  return nanos;
}

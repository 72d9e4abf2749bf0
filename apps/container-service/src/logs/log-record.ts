/** A piece of a log. */
export interface LogEntry {
  /** Unix time in nanoseconds. */
  readonly timeNs: bigint;
  readonly stream: 'stdout' | 'stderr';
  /** With the newline when it ended with one. */
  readonly data: Buffer;
}

/** One record of a log file. */
export interface LogRecord extends LogEntry {
  /** False for a piece without the end of its line. */
  readonly full: boolean;
}

const SPACE = 0x20;
const PARTIAL = 0x50;
const STDERR_FIRST = 'stderr'.charCodeAt(3);

/**
 * Parses one record, given with its newline: `<RFC 3339, nanoseconds> stdout|stderr F|P <bytes>\n` (the CRI log format,
 * https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md). Null when it is damaged.
 */
export function parseLogRecord(line: Buffer): LogRecord | null {
  const timeEnd = line.indexOf(SPACE);
  const tagStart = timeEnd + 8;
  if (timeEnd < 20 || line[tagStart - 1] !== SPACE || line[tagStart + 1] !== SPACE) return null;
  const timeNs = parseTime(line, timeEnd);
  if (timeNs === null) return null;
  const full = line[tagStart] !== PARTIAL;
  return {
    timeNs,
    stream: line[timeEnd + 4] === STDERR_FIRST ? 'stderr' : 'stdout',
    data: line.subarray(tagStart + 2, full ? line.length : line.length - 1),
    full,
  };
}

/** Tells whether the record, given with its newline, ends a line of output. */
export function isFullRecord(line: Buffer): boolean {
  return line[line.indexOf(SPACE) + 8] !== PARTIAL;
}

const SECOND_LENGTH = '2026-11-24T05:41:37'.length;
const DOT = 0x2e;
const ZERO = 0x30;

let lastSecond = '';
let lastSecondNs = 0n;

/** Most records share their second with the one before, and parsing a date costs more than all the rest. */
function parseTime(line: Buffer, end: number): bigint | null {
  const second = line.toString('latin1', 0, SECOND_LENGTH);
  if (second !== lastSecond) {
    const ms = Date.parse(`${second}Z`);
    if (Number.isNaN(ms)) return null;
    lastSecond = second;
    lastSecondNs = BigInt(ms) * 1_000_000n;
  }
  return lastSecondNs + BigInt(parseFraction(line, end));
}

/** The nanoseconds of the fraction behind a second, which has one to nine digits or is not there. */
function parseFraction(line: Buffer, end: number): number {
  if (line[SECOND_LENGTH] !== DOT) return 0;
  let nanos = 0;
  let unit = 100_000_000;
  for (let at = SECOND_LENGTH + 1; at < end && unit >= 1; at++, unit /= 10) {
    const digit = (line[at] as number) - ZERO;
    if (digit < 0 || digit > 9) break;
    nanos += digit * unit;
  }
  return nanos;
}

import { timeOf, type LogRecord, type LogStream } from './log-record.ts';
import { createRecordCutter } from './record-cutter.ts';

/** A time, both ends included, in nanoseconds of Unix time; null: without that end. */
export interface LogRange {
  readonly sinceNs: bigint | null;
  readonly untilNs: bigint | null;
}

/** What makes something of the lines of a log. */
export interface LineCollector<Item> {
  /** Takes a line, or what there is of one. */
  add(line: LogRecord): void;
  /** What has become of the lines since this was last asked. */
  take(): Item[];
}

/** Makes lines of the bytes of a log, and of the lines what its collector makes of them. */
export interface LogAssembler<Item> {
  /** What is complete with these bytes, which may be overwritten. */
  push(bytes: Buffer): Item[];
  /** What waits for the rest of its line. */
  flush(): Item[];
  /** Whether a line was written after the end of the range. */
  isPast(): boolean;
}

/** A line longer than this is handed on in pieces. */
const MAX_JOINED_BYTES = 256 * 1024;

/** Joins the pieces of each line, per stream, and leaves out what is not of the range. A damaged record is left out. */
export function createLogAssembler<Item>(
  { sinceNs, untilNs }: LogRange,
  collector: LineCollector<Item>,
): LogAssembler<Item> {
  const pending: Record<LogStream, LogRecord[]> = { stdout: [], stderr: [] };
  const isLimited = sinceNs !== null || untilNs !== null;
  let past = false;
  const cut = createRecordCutter((record) => {
    const pieces = pending[record.stream];
    if (record.full && pieces.length === 0) hand(record);
    else keep(record, pieces);
  });

  function keep(record: LogRecord, pieces: LogRecord[]): void {
    pieces.push(copyRecord(record));
    const size = pieces.reduce((sum, { dataStart, dataEnd }) => sum + dataEnd - dataStart, 0);
    if (record.full || size >= MAX_JOINED_BYTES) join(record.stream);
  }

  function join(stream: LogStream): void {
    const pieces = pending[stream];
    pending[stream] = [];
    const [first] = pieces;
    if (first === undefined) return;
    const head = first.bytes.subarray(0, first.dataStart);
    const bytes = Buffer.concat([head, ...pieces.map((piece) => piece.bytes.subarray(piece.dataStart, piece.dataEnd))]);
    hand({ ...first, bytes, dataEnd: bytes.length });
  }

  function beginOf(stream: LogStream): bigint {
    const [first] = pending[stream];
    return (first && timeOf(first)) ?? 0n;
  }

  function hand(line: LogRecord): void {
    if (!isLimited || isOfRange(line)) collector.add(line);
  }

  function isOfRange(line: LogRecord): boolean {
    const timeNs = timeOf(line);
    if (timeNs === null) return false;
    const late = untilNs !== null && timeNs > untilNs;
    past ||= late;
    return !late && timeNs >= (sinceNs ?? 0n);
  }

  return {
    push(bytes) {
      cut(bytes);
      return collector.take();
    },
    flush() {
      const waiting = STREAMS.filter((stream) => pending[stream].length > 0);
      for (const stream of waiting.sort((a, b) => Number(beginOf(a) - beginOf(b)))) join(stream);
      return collector.take();
    },
    isPast: () => past,
  };
}

const STREAMS: readonly LogStream[] = ['stdout', 'stderr'];

/** A record of its own, that stays when the bytes that it came in do not. */
function copyRecord({ bytes, start, timeEnd, dataStart, dataEnd, ...kind }: LogRecord): LogRecord {
  const own = Buffer.from(bytes.subarray(start, dataEnd));
  return {
    ...kind,
    bytes: own,
    start: 0,
    timeEnd: timeEnd - start,
    dataStart: dataStart - start,
    dataEnd: dataEnd - start,
  };
}

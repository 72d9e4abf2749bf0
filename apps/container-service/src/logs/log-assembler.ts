import { parseLogRecord, type LogEntry, type LogRecord } from './log-record.ts';

/** Makes entries of the bytes of a log. */
export interface LogAssembler {
  /** The entries that are complete with these bytes. */
  push(bytes: Buffer): LogEntry[];
  /** What waits for the rest of its line. */
  flush(): LogEntry[];
}

/** A line longer than this is handed on in pieces. */
const MAX_JOINED_BYTES = 256 * 1024;
const NEWLINE = 0x0a;

/** Joins the pieces of each line, per stream. A damaged record is left out. */
export function createLogAssembler(): LogAssembler {
  let rest: Buffer = Buffer.alloc(0);
  const pending: Record<LogEntry['stream'], LogRecord[]> = { stdout: [], stderr: [] };

  function take(record: LogRecord, entries: LogEntry[]): void {
    const pieces = pending[record.stream];
    if (record.full && pieces.length === 0) {
      entries.push(record);
      return;
    }
    pieces.push(record);
    const size = pieces.reduce((sum, { data }) => sum + data.length, 0);
    if (record.full || size >= MAX_JOINED_BYTES) entries.push(...join(record.stream));
  }

  function join(stream: LogEntry['stream']): LogEntry[] {
    const [first, ...others] = pending[stream];
    pending[stream] = [];
    if (first === undefined) return [];
    return [{ timeNs: first.timeNs, stream, data: Buffer.concat([first.data, ...others.map(({ data }) => data)]) }];
  }

  return {
    push(bytes) {
      const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
      const entries: LogEntry[] = [];
      let start = 0;
      for (let end = all.indexOf(NEWLINE); end !== -1; end = all.indexOf(NEWLINE, start)) {
        const record = parseLogRecord(all.subarray(start, end + 1));
        if (record !== null) take(record, entries);
        start = end + 1;
      }
      rest = all.subarray(start);
      return entries;
    },
    flush: () => [...join('stdout'), ...join('stderr')].sort((a, b) => Number(a.timeNs - b.timeNs)),
  };
}

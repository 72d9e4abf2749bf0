import type { LogEntry, LogRecord } from './log-record.ts';
import { createRecordCutter } from './record-cutter.ts';

/** Makes entries of the bytes of a log. */
export interface LogAssembler {
  /** The entries that are complete with these bytes. */
  push(bytes: Buffer): LogEntry[];
  /** What waits for the rest of its line. */
  flush(): LogEntry[];
}

/** A line longer than this is handed on in pieces. */
const MAX_JOINED_BYTES = 256 * 1024;

/** Joins the pieces of each line, per stream. A damaged record is left out. */
export function createLogAssembler(): LogAssembler {
  const pending: Record<LogEntry['stream'], LogRecord[]> = { stdout: [], stderr: [] };
  let entries: LogEntry[] = [];
  const cut = createRecordCutter(take);

  function take(record: LogRecord): void {
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
      entries = [];
      cut(bytes);
      return entries;
    },
    flush: () => [...join('stdout'), ...join('stderr')].sort((a, b) => Number(a.timeNs - b.timeNs)),
  };
}

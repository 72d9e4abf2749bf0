import { findRecord, type LogRecord } from './log-record.ts';

const NEWLINE = 0x0a;

/** Cuts the bytes of a log, whatever the pieces they come in, into records, and hands each on. A damaged record is left out. */
export function createRecordCutter(onRecord: (record: LogRecord) => void): (bytes: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);

  return (bytes) => {
    const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    let start = 0;
    for (let end = all.indexOf(NEWLINE); end !== -1; end = all.indexOf(NEWLINE, start)) {
      const record = findRecord(all, start, end + 1);
      start = end + 1;
      if (record !== null) onRecord(record);
    }
    rest = all.subarray(start);
  };
}

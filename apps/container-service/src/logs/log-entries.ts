import type { LineCollector } from './log-assembler.ts';
import { timeOf, type LogEntry } from './log-record.ts';

/** Makes an entry of each line. A line with a damaged time is left out. */
export function collectEntries(): LineCollector<LogEntry> {
  let entries: LogEntry[] = [];
  return {
    add(line) {
      const timeNs = timeOf(line);
      if (timeNs === null) return;
      entries.push({ timeNs, stream: line.stream, data: line.bytes.subarray(line.dataStart, line.dataEnd) });
    },
    take() {
      const taken = entries;
      entries = [];
      return taken;
    },
  };
}

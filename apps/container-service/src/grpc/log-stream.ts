import { LogForm, type LogEntry as ProtoLogEntry, type ReadLogsRequest } from '@berth/proto/container';
import type { LogEntry } from '../logs/log-record.ts';
import type { LogText } from '../logs/log-text.ts';
import type { LogReader } from '../logs/read-logs.ts';
import { fromTimestamp, toTimestamp } from './convert.ts';

/** Reads a log in the form that a client wants, in batches. */
export async function* readLogs(
  logs: LogReader,
  { container, form, follow, tail, since, until }: ReadLogsRequest,
  signal: AbortSignal,
): AsyncGenerator<ProtoLogEntry[], void, undefined> {
  const range = { sinceNs: fromTimestamp(since), untilNs: fromTimestamp(until) };
  const options = { follow, tail: tail === undefined || tail < 0n ? null : Number(tail), ...range, signal };
  const timestamps = form === LogForm.TIMED_TEXT;
  if (timestamps || form === LogForm.TEXT) {
    for await (const texts of logs.text(container, { ...options, timestamps })) yield texts.map(toProtoText);
  } else {
    for await (const entries of logs.entries(container, options)) yield entries.map(toProtoEntry);
  }
}

function toProtoEntry({ timeNs, stream, data }: LogEntry): ProtoLogEntry {
  return { time: toTimestamp(timeNs), stderr: stream === 'stderr', data };
}

function toProtoText({ stream, data }: LogText): ProtoLogEntry {
  return { time: undefined, stderr: stream === 'stderr', data };
}

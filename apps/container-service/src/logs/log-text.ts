import type { LineCollector } from './log-assembler.ts';
import type { LogRecord, LogStream } from './log-record.ts';

/** Lines of one stream that follow one another. */
export interface LogText {
  readonly stream: LogStream;
  readonly data: Buffer;
}

const NEWLINE = 0x0a;

/**
 * Makes text of lines: moves them together where they are, over what stood between them, which costs a fifth of making a piece of each. With
 * `timestamps` each line begins with its time and a space, as it stands in the log.
 */
export function collectText(timestamps: boolean): LineCollector<LogText> {
  const insideLine: Record<LogStream, boolean> = { stdout: false, stderr: false };
  let texts: LogText[] = [];
  let bytes: Buffer | null = null;
  let stream: LogStream = 'stdout';
  let start = 0;
  let end = 0;

  /** Begins a text where a line lies: everything before it has been read. */
  function begin(line: LogRecord): void {
    finish();
    ({ bytes, stream, start } = line);
    end = start;
  }

  function finish(): void {
    if (bytes !== null && end > start) texts.push({ stream, data: bytes.subarray(start, end) });
    bytes = null;
  }

  function move(source: Buffer, from: number, to: number): void {
    source.copyWithin(end, from, to);
    end += to - from;
  }

  return {
    add(line) {
      if (line.bytes !== bytes || line.stream !== stream) begin(line);
      if (timestamps && !insideLine[stream]) move(line.bytes, line.start, line.timeEnd + 1);
      move(line.bytes, line.dataStart, line.dataEnd);
      insideLine[stream] = line.bytes[end - 1] !== NEWLINE;
    },
    take() {
      finish();
      const taken = texts;
      texts = [];
      return taken;
    },
  };
}

/** A piece of a process's output. */
export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Uint8Array;
}

/** A place in a log, between two records. */
export interface LogPosition {
  /** Bytes of the log before it, those in files that are gone too. */
  readonly totalBytes: number;
  /** Bytes of its file before it. */
  readonly offsetBytes: number;
  /** The first 30 bytes of its file, the time of its first record, which tells it from the others. */
  readonly file: string;
}

/** Output that was not sent, since its reader was too slow. It is in the log, between two records each. */
export interface OutputGap {
  readonly stream: 'log';
  readonly from: LogPosition;
  /** Null: to the end of the log, the keeper that wrote it is gone. */
  readonly to: LogPosition | null;
}

/** Where output comes from. */
export interface OutputSource {
  pause(): void;
  resume(): void;
  /** Asks it to send no more output, or to go on; it tells the position with which it does. */
  follow(output: boolean): void;
}

/** Output between a socket that pushes and a consumer that pulls. */
export interface OutputQueue extends AsyncIterable<OutputChunk | OutputGap> {
  push(chunk: OutputChunk): void;
  /** The source sends no output from here on, or sends it again. */
  pushPosition(position: LogPosition): void;
  /** After what was pushed, the iteration ends. */
  end(): void;
}

/** How many bytes may wait before the source is paused; it goes on at half of it. */
const WAITING_MAX = 1024 * 1024;

/** A consumer that takes nothing for this long is one that has stalled. */
export const STALL_MS = 10_000;

/**
 * Pauses the source when the consumer is slow, so that memory stays bounded. The output of one that stalls is stopped instead: what is under
 * way is kept, and the rest becomes a gap. So the exit, which comes after the output on the same socket, waits for nobody. One consumer.
 * `stallMs` is null where there is no log, and so can be no gap.
 */
export function createOutputQueue(source: OutputSource, stallMs: number | null): OutputQueue {
  const items: (OutputChunk | LogPosition)[] = [];
  let waiting = 0;
  let paused = false;
  /** Sends output, as far as we know: `stopping` was asked to stop, `stopped` has. */
  let state: 'sends' | 'stopping' | 'stopped' | 'abandoned' = 'sends';
  let ended = false;
  let wake: (() => void) | null = null;
  let stall: NodeJS.Timeout | null = null;

  function pauseSource(): void {
    if (!paused) source.pause();
    paused = true;
    if (stall !== null) clearTimeout(stall);
    stall = stallMs === null ? null : setTimeout(stopSource, stallMs).unref();
  }

  function resumeSource(): void {
    if (stall !== null) clearTimeout(stall);
    stall = null;
    if (paused) source.resume();
    paused = false;
  }

  function stopSource(): void {
    state = 'stopping';
    source.follow(false);
    resumeSource();
  }

  function take(): OutputChunk | LogPosition | undefined {
    const item = items.shift();
    if (item === undefined || !('data' in item)) return item;
    waiting -= item.data.length;
    if (paused && waiting <= WAITING_MAX / 2) resumeSource();
    else if (paused) pauseSource();
    return item;
  }

  function signal(): void {
    wake?.();
    wake = null;
  }

  /** An abandoned iteration must not hold up the exit. */
  function abandon(): void {
    items.length = 0;
    state = 'abandoned';
    resumeSource();
  }

  async function* iterate(): AsyncGenerator<OutputChunk | OutputGap> {
    let from: LogPosition | null = null;
    try {
      for (;;) {
        const item = take();
        if (item === undefined) {
          if (ended) break;
          await new Promise<void>((resolve) => (wake = resolve));
        } else if ('data' in item) {
          yield item;
        } else if (from === null) {
          from = item;
          source.follow(true);
        } else {
          const gap: OutputGap = { stream: 'log', from, to: item };
          from = null;
          yield gap;
        }
      }
      if (from !== null) yield { stream: 'log', from, to: null };
    } finally {
      abandon();
    }
  }

  return {
    push(chunk) {
      if (state === 'abandoned') return;
      items.push(chunk);
      waiting += chunk.data.length;
      if (state === 'sends' && !paused && waiting > WAITING_MAX) pauseSource();
      signal();
    },
    pushPosition(position) {
      if (state === 'abandoned') return;
      items.push(position);
      state = state === 'stopped' ? 'sends' : 'stopped';
      signal();
    },
    end() {
      ended = true;
      signal();
    },
    [Symbol.asyncIterator]: iterate,
  };
}

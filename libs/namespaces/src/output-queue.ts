/** A piece of a process's output. */
export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Uint8Array;
}

/** Output between a socket that pushes and a consumer that pulls. */
export interface OutputQueue extends AsyncIterable<OutputChunk> {
  push(chunk: OutputChunk): void;
  /** After what was pushed, the iteration ends. */
  end(): void;
}

/** How many bytes may wait before the socket is paused; it goes on at half of it. */
const WAITING_MAX = 1024 * 1024;

/** `pause` and `resume` stop and restart the source, so that memory stays bounded however slow the consumer is. One consumer. */
export function createOutputQueue(source: { pause(): void; resume(): void }): OutputQueue {
  const chunks: OutputChunk[] = [];
  let waiting = 0;
  let paused = false;
  let ended = false;
  let wake: (() => void) | null = null;

  function take(): OutputChunk | undefined {
    const chunk = chunks.shift();
    if (chunk === undefined) return undefined;
    waiting -= chunk.data.length;
    if (paused && waiting <= WAITING_MAX / 2) {
      paused = false;
      source.resume();
    }
    return chunk;
  }

  function signal(): void {
    wake?.();
    wake = null;
  }

  /** An abandoned iteration must not hold up the exit, which comes after the output on the same socket. */
  function abandon(): void {
    chunks.length = 0;
    waiting = Number.NEGATIVE_INFINITY;
    if (paused) source.resume();
    paused = false;
  }

  async function* iterate(): AsyncGenerator<OutputChunk> {
    try {
      for (;;) {
        const chunk = take();
        if (chunk !== undefined) yield chunk;
        else if (ended) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      abandon();
    }
  }

  return {
    push(chunk) {
      if (waiting === Number.NEGATIVE_INFINITY) return;
      chunks.push(chunk);
      waiting += chunk.data.length;
      if (!paused && waiting > WAITING_MAX) {
        paused = true;
        source.pause();
      }
      signal();
    },
    end() {
      ended = true;
      signal();
    },
    [Symbol.asyncIterator]: iterate,
  };
}

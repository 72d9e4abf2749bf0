import type { ProcessInput } from '@berth/proto/container';

/** What the client sends to a process, in order. */
export interface InputQueue extends AsyncIterable<ProcessInput> {
  /** Adds an input; resolves when it was taken, so that stdin is read no faster than it is sent. */
  push(input: ProcessInput['input']): Promise<void>;
  /** Ends the queue once it is empty. */
  end(): void;
}

export function createInputQueue(): InputQueue {
  const queue: { input: ProcessInput; taken: () => void }[] = [];
  let ended = false;
  let wake: (() => void) | undefined;

  async function* read(): AsyncGenerator<ProcessInput, void, undefined> {
    for (;;) {
      const next = queue.shift();
      if (next) {
        yield next.input;
        next.taken();
      } else if (ended) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  return {
    push(input) {
      return new Promise((resolve) => {
        queue.push({ input: { input }, taken: resolve });
        wake?.();
      });
    },
    end() {
      ended = true;
      wake?.();
    },
    [Symbol.asyncIterator]: read,
  };
}

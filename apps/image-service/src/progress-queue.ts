/** Events on their way to a client that may be slow. */
export interface ProgressQueue<Event> {
  /** Adds an event. One that waits under the same key is replaced, in its place: the queue is as long as there are keys. */
  push(key: string, event: Event): void;
  /** Ends the queue; what waits is still given out. */
  end(): void;
  /** Gives out the events until the end. One reader. */
  read(): AsyncGenerator<Event>;
}

export function createProgressQueue<Event>(): ProgressQueue<Event> {
  const waiting = new Map<string, Event>();
  let ended = false;
  let wake: () => void = () => {};

  return {
    push(key, event) {
      waiting.set(key, event);
      wake();
    },
    end() {
      ended = true;
      wake();
    },
    async *read() {
      for (;;) {
        for (const [key, event] of waiting) {
          waiting.delete(key);
          yield event;
        }
        if (waiting.size > 0) continue;
        if (ended) return;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}

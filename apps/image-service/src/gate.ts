/** Lets a bounded number of tasks in at a time, in the order in which they came. */
export interface Gate {
  /** True when the next task has to wait. */
  isFull(): boolean;
  /** Runs the task when it is its turn. A task whose signal is aborted while it waits rejects with the signal's reason. */
  run<Result>(signal: AbortSignal, task: () => Promise<Result>): Promise<Result>;
  /** Runs the task when there is room at once; null when there is none. */
  tryRun<Result>(task: () => Promise<Result>): Promise<Result> | null;
}

/** A gate within another lets in what both let in; its tasks wait at the inner one first. */
export function createGate(width: number, outer: Gate | null = null): Gate {
  const waiting = new Set<() => void>();
  let free = width;

  function enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (free > 0) {
      free--;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const admit = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        waiting.delete(admit);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', leave, { once: true });
      waiting.add(admit);
    });
  }

  function leave(): void {
    const [next] = waiting;
    if (next === undefined) {
      free++;
      return;
    }
    waiting.delete(next);
    next();
  }

  async function runInside<Result>(task: () => Promise<Result>): Promise<Result> {
    try {
      return await task();
    } finally {
      leave();
    }
  }

  return {
    isFull: () => free === 0,
    async run(signal, task) {
      await enter(signal);
      return runInside(() => (outer === null ? task() : outer.run(signal, task)));
    },
    tryRun(task) {
      if (free === 0) return null;
      const running = outer === null ? task() : outer.tryRun(task);
      if (running === null) return null;
      free--;
      return runInside(() => running);
    },
  };
}

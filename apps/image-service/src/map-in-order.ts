/** How a list is worked through. */
export interface MapOptions {
  /** At most this many at a time. */
  readonly width: number;
  readonly signal: AbortSignal;
}

/**
 * Runs a task for each item, some at a time, and tells the results in the order of the items. When one fails, or nobody wants more, the
 * signal of those that run is aborted, and they are waited for.
 */
export async function* mapInOrder<Item, Result>(
  items: Iterable<Item>,
  { width, signal }: MapOptions,
  task: (item: Item, signal: AbortSignal) => Promise<Result>,
): AsyncGenerator<Result> {
  const stop = new AbortController();
  const joined = AbortSignal.any([signal, stop.signal]);
  const running: Promise<Result>[] = [];
  const rest = items[Symbol.iterator]();
  const startNext = (): void => {
    const next = rest.next();
    if (next.done === true) return;
    const result = task(next.value, joined);
    // It is looked at when its turn comes.
    result.catch(() => {});
    running.push(result);
  };
  try {
    for (let count = 0; count < width; count++) startNext();
    for (let first = running.shift(); first !== undefined; first = running.shift()) {
      const result = await first;
      startNext();
      yield result;
    }
  } finally {
    stop.abort();
    await Promise.allSettled(running);
  }
}

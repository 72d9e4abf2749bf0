import { setTimeout as sleep } from 'node:timers/promises';
import { abortable } from './abortable.ts';

const INTERVAL_MS = 100;

/**
 * Waits for work that others may share, and tells meanwhile what is new, ten times a second. Returns what the work came to; throws what
 * it threw, or the signal's reason when that is aborted before.
 */
export async function* watchWork<Result, Event>(
  work: Promise<Result>,
  news: () => Iterable<Event>,
  signal: AbortSignal,
): AsyncGenerator<Event, Result> {
  const done = work.then((result) => ({ result }));
  // Whoever stops listening need not hear of it.
  done.catch(() => {});
  for (;;) {
    yield* news();
    const ended = await abortable(Promise.race([done, sleep(INTERVAL_MS, null)]), signal);
    if (ended !== null) return ended.result;
  }
}

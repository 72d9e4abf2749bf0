import { setTimeout as sleep } from 'node:timers/promises';

const RETRY_MS = 1_000;

/** Runs something until it does not throw, once a second. Rejects only when the signal is aborted. */
export async function retryUntilDone<Result>(
  run: () => Result | Promise<Result>,
  { signal, onError }: { signal: AbortSignal; onError: (error: unknown) => void },
): Promise<Result> {
  for (;;) {
    try {
      return await run();
    } catch (error) {
      signal.throwIfAborted();
      onError(error);
      await sleep(RETRY_MS, undefined, { signal });
    }
  }
}

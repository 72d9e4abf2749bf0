import { setTimeout as sleep } from 'node:timers/promises';
import { isBerthError } from '@berth/errors';

/** How long a service may take to come back, a little more than the longest pause between two attempts to connect. */
const PATIENCE_MS = 1_500;
const RETRY_MS = 50;

/** Repeats a call that may be repeated while its service is away for a moment, as it is when it is upgraded. */
export async function retryUnavailable<Result>(call: () => Promise<Result>): Promise<Result> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!isBerthError(error, 'SERVICE_UNAVAILABLE') || performance.now() > deadline) throw error;
      await sleep(RETRY_MS);
    }
  }
}

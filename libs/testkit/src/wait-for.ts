import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 20;

export interface WaitForOptions {
  /** Named in the error. */
  readonly what: string;
  /** Default: 30 s, which is patience with a busy host and not what is expected. */
  readonly timeoutMs?: number;
}

/** Polls until `probe` gives something that is neither null, undefined nor false, and returns it. */
export async function waitFor<T>(
  probe: () => T | Promise<T>,
  { what, timeoutMs = 30_000 }: WaitForOptions,
): Promise<Exclude<T, null | undefined | false>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== null && value !== undefined && value !== false) return value as Exclude<T, null | undefined | false>;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await sleep(POLL_MS);
  }
}

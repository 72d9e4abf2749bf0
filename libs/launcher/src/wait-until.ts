import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 20;

/** Polls until `isReady` holds ('ready'), the condition of `while` ends ('stopped') or the time is over ('timeout'). */
export async function waitUntil(
  isReady: () => Promise<boolean>,
  options: { timeoutMs: number; while: () => boolean },
): Promise<'ready' | 'stopped' | 'timeout'> {
  const deadline = Date.now() + options.timeoutMs;
  for (;;) {
    if (await isReady()) return 'ready';
    if (!options.while()) return 'stopped';
    if (Date.now() > deadline) return 'timeout';
    await sleep(POLL_MS);
  }
}

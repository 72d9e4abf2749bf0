import type { Log } from './ports/log.ts';

/** Tells, at debug level, how long each step of something took; call it at the end of a step. */
export type Stopwatch = (step: string) => void;

/** Starts a stopwatch for a container. */
export function startStopwatch(log: Log, containerId: string): Stopwatch {
  let begun = performance.now();
  return (step) => {
    const now = performance.now();
    log.debug({ containerId, step, durationMs: now - begun }, 'step done');
    begun = now;
  };
}

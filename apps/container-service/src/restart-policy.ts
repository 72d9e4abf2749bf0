import type { RestartPolicy } from './container-config.ts';
import type { Container, StateChange } from './container.ts';

const BACKOFF_MS = { first: 100, factor: 2, last: 60_000 };
/** A run this long was no failed start: the delay begins anew. */
const LONG_RUN_NS = 10_000_000_000n;

/** How a run ended, as far as a policy cares. */
export interface RunEnd {
  readonly exitCode: number;
  readonly timeNs: bigint;
}

/** Docker's rules (moby, restartmanager): null when a container that has ended stays so, else what to note before its next start. */
export function planRestart({ config, state }: Container, end: RunEnd): StateChange | null {
  if (!isWanted(config.restartPolicy, state, end.exitCode)) return null;
  const ranNs = end.timeNs - (state.startTimeNs ?? end.timeNs);
  return {
    restartCount: state.restartCount + 1,
    restartDelayMs: nextDelayMs(ranNs >= LONG_RUN_NS ? 0 : state.restartDelayMs),
  };
}

/** The same after a start that failed: it was no run, so the delay grows. One that failed because a part of the engine was away does not count. */
export function planRetry(container: Container, exitCode: number, { counts }: { counts: boolean }): StateChange | null {
  const restartCount = container.state.restartCount - (counts ? 0 : 1);
  const state = { ...container.state, restartCount, startTimeNs: null };
  return planRestart({ ...container, state }, { exitCode, timeNs: 0n });
}

function isWanted(
  { name, maximumRetryCount }: RestartPolicy,
  { stoppedByUser, restartCount }: Container['state'],
  exitCode: number,
): boolean {
  if (stoppedByUser || name === 'no') return false;
  if (name !== 'on-failure') return true;
  return exitCode !== 0 && (maximumRetryCount === 0 || restartCount < maximumRetryCount);
}

/**
 * Tells whether a container that had ended before the host was restarted starts again with it: one with `always` does even when it was
 * stopped, as Docker has it.
 */
export function startsWithHost({ config, state }: Container): boolean {
  if (state.status !== 'exited' || state.startTimeNs === null) return false;
  const { name } = config.restartPolicy;
  return name === 'always' || (name === 'unless-stopped' && !state.stoppedByUser);
}

function nextDelayMs(delayMs: number): number {
  return delayMs === 0 ? BACKOFF_MS.first : Math.min(delayMs * BACKOFF_MS.factor, BACKOFF_MS.last);
}

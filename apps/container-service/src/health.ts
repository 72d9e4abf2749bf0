import type { HealthCheck } from './container-config.ts';
import type { Health, HealthResult } from './container.ts';
import { LONGEST_TIMER_MS } from './longest-timer.ts';

const DEFAULTS = { intervalNs: 30e9, timeoutNs: 30e9, startIntervalNs: 5e9, retries: 3 };
const KEPT_RESULTS = 5;

/** The health of a container that has just started. */
export const NEW_HEALTH: Health = { status: 'starting', failingStreak: 0, log: [] };

/** How long a check may take, milliseconds. */
export function timeoutMs({ timeoutNs }: HealthCheck): number {
  return toTimerMs(timeoutNs || DEFAULTS.timeoutNs);
}

/** How long to wait before the next check, milliseconds: in the start period, until the first success, checks come more often. */
export function nextCheckMs(check: HealthCheck, health: Health, runsMs: number): number {
  const isStarting = runsMs < check.startPeriodNs / 1e6 && health.status === 'starting';
  const intervalNs = isStarting
    ? check.startIntervalNs || DEFAULTS.startIntervalNs
    : check.intervalNs || DEFAULTS.intervalNs;
  return toTimerMs(intervalNs);
}

function toTimerMs(ns: number): number {
  return Math.min(ns / 1e6, LONGEST_TIMER_MS);
}

/** The health after a check, by Docker's rules (moby, daemon/health.go). `startedMs` is when the container started, Unix milliseconds. */
export function afterCheck(check: HealthCheck, health: Health, result: HealthResult, startedMs: number): Health {
  const log = [...health.log, result].slice(-KEPT_RESULTS);
  if (result.exitCode === 0) return { status: 'healthy', failingStreak: 0, log };
  const isForgiven = health.status === 'starting' && result.startMs - startedMs < check.startPeriodNs / 1e6;
  if (isForgiven) return { ...health, log };
  const failingStreak = health.failingStreak + 1;
  const isUnhealthy = failingStreak >= (check.retries || DEFAULTS.retries);
  return { status: isUnhealthy ? 'unhealthy' : health.status, failingStreak, log };
}

import type { Container } from '@berth/proto/container';
import { formatRfc3339Nano } from '../../format/go-time.ts';
import type { Json } from '../../format/json.ts';

/** `Health` of the state; nothing for a container without a check. */
export function healthJson(health: Container['health']): Record<string, Json> {
  if (health === undefined) return {};
  const log = health.log.map(({ startTime, endTime, exitCode, output }) => ({
    Start: formatRfc3339Nano(startTime),
    End: formatRfc3339Nano(endTime),
    ExitCode: exitCode,
    Output: output,
  }));
  return { Health: { Status: health.status, FailingStreak: health.failingStreak, Log: log } };
}

/** `Healthcheck` of the config, without what is not set; nothing for a container without a check. */
export function healthcheckJson(check: Container['healthCheck']): Record<string, Json> {
  if (check === undefined) return {};
  const fields = {
    Interval: Number(check.intervalNanos),
    Timeout: Number(check.timeoutNanos),
    StartPeriod: Number(check.startPeriodNanos),
    StartInterval: Number(check.startIntervalNanos),
    Retries: check.retries,
  };
  const set = Object.entries(fields).filter(([, value]) => value !== 0);
  return { Healthcheck: { Test: check.test, ...Object.fromEntries(set) } };
}

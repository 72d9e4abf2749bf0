import type { Health as ProtoHealth, HealthCheck as ProtoHealthCheck } from '@berth/proto/container';
import { BerthError } from '@berth/errors';
import type { HealthCheck } from '../container-config.ts';
import type { Health } from '../container.ts';

const ACTIONS = ['none', 'kill', 'restart', 'stop'] as const;

/** A health check from the wire. Throws INVALID_ARGUMENT. */
export function fromProtoHealthCheck(check: ProtoHealthCheck | undefined): HealthCheck | null {
  if (check === undefined) return null;
  const onFailure = ACTIONS.find((action) => action === (check.onFailure || 'none'));
  if (onFailure === undefined) {
    throw new BerthError('INVALID_ARGUMENT', `invalid health on-failure action ${JSON.stringify(check.onFailure)}`);
  }
  return {
    test: check.test,
    intervalNs: Number(check.intervalNanos),
    timeoutNs: Number(check.timeoutNanos),
    startPeriodNs: Number(check.startPeriodNanos),
    startIntervalNs: Number(check.startIntervalNanos),
    retries: check.retries,
    onFailure,
  };
}

/** A health check for the wire; absent when it is null. */
export function toProtoHealthCheck(check: HealthCheck | null): ProtoHealthCheck | undefined {
  if (check === null) return undefined;
  return {
    test: [...check.test],
    intervalNanos: BigInt(check.intervalNs),
    timeoutNanos: BigInt(check.timeoutNs),
    startPeriodNanos: BigInt(check.startPeriodNs),
    startIntervalNanos: BigInt(check.startIntervalNs),
    retries: check.retries,
    onFailure: check.onFailure,
  };
}

/** The health for the wire; absent when it is null. */
export function toProtoHealth(health: Health | null): ProtoHealth | undefined {
  if (health === null) return undefined;
  const { status, failingStreak, log } = health;
  return {
    status,
    failingStreak,
    log: log.map(({ startMs, endMs, exitCode, output }) => ({
      startTime: fromMs(startMs),
      endTime: fromMs(endMs),
      exitCode,
      output,
    })),
  };
}

function fromMs(ms: number): { seconds: bigint; nanos: number } {
  return { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 };
}

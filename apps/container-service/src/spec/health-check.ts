import { BerthError } from '@berth/errors';
import type { Healthcheck } from '@berth/oci';
import type { HealthCheck } from '../container-config.ts';

const SHORTEST_NS = 1e6;
const KINDS = ['NONE', 'CMD', 'CMD-SHELL'];

/** The check of a container: the user's, completed by the image's. Null when there is none. */
export function resolveHealthCheck(user: HealthCheck | null, image: Healthcheck | null): HealthCheck | null {
  const merged = merge(user, image);
  return merged === null || merged.test.length === 0 || merged.test[0] === 'NONE' ? null : merged;
}

function merge(user: HealthCheck | null, image: Healthcheck | null): HealthCheck | null {
  if (user === null) return image === null ? null : { ...image, onFailure: 'none' };
  if (image === null) return user;
  return {
    test: user.test.length > 0 ? user.test : image.test,
    intervalNs: user.intervalNs || image.intervalNs,
    timeoutNs: user.timeoutNs || image.timeoutNs,
    startPeriodNs: user.startPeriodNs || image.startPeriodNs,
    startIntervalNs: user.startIntervalNs || image.startIntervalNs,
    retries: user.retries || image.retries,
    onFailure: user.onFailure,
  };
}

/** Throws INVALID_ARGUMENT, in Docker's words, for a check that cannot be one. */
export function checkHealthCheck(check: HealthCheck | null): void {
  if (check === null) return;
  const [kind] = check.test;
  if (kind !== undefined && !KINDS.includes(kind)) {
    throw new BerthError('INVALID_ARGUMENT', `unknown type ${JSON.stringify(kind)} in Healthcheck`);
  }
  const times = {
    Interval: check.intervalNs,
    Timeout: check.timeoutNs,
    StartPeriod: check.startPeriodNs,
    StartInterval: check.startIntervalNs,
  };
  for (const [name, nanos] of Object.entries(times)) {
    if (nanos !== 0 && nanos < SHORTEST_NS) {
      throw new BerthError('INVALID_ARGUMENT', `${name} in Healthcheck cannot be less than 1ms`);
    }
  }
}

/** The command of a check. An image's own shell is heeded. */
export function healthCommand({ test: [kind, ...rest] }: HealthCheck, shell: readonly string[]): string[] {
  return kind === 'CMD-SHELL' ? [...(shell.length > 0 ? shell : ['/bin/sh', '-c']), ...rest] : rest;
}

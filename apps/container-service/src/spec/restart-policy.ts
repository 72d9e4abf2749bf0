import { BerthError } from '@berth/errors';
import type { RestartPolicy } from '../container-config.ts';

const NAMES: readonly RestartPolicy['name'][] = ['no', 'on-failure', 'always', 'unless-stopped'];

/** A policy from the wire; empty is `no`. Throws INVALID_ARGUMENT, in Docker's words. */
export function parseRestartPolicy(name: string, maximumRetryCount: number): RestartPolicy {
  const known = NAMES.find((each) => each === (name || 'no'));
  if (known !== undefined) return { name: known, maximumRetryCount };
  throw new BerthError(
    'INVALID_ARGUMENT',
    `invalid restart policy: unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
  );
}

/** Throws INVALID_ARGUMENT, in Docker's words, when a policy cannot be one of a container. */
export function checkRestartPolicy({ name, maximumRetryCount }: RestartPolicy, autoRemove: boolean): void {
  if (autoRemove && name !== 'no') {
    throw new BerthError('INVALID_ARGUMENT', "can't create 'AutoRemove' container with restart policy");
  }
  if (name !== 'on-failure' && maximumRetryCount !== 0) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      "invalid restart policy: maximum retry count can only be used with 'on-failure'",
    );
  }
}

import type { Ulimit } from '../resources.ts';
import type { ResourceLimitPlan } from './plan.ts';

/** RLIMIT_* of include/uapi/asm-generic/resource.h. */
const NUMBERS: Readonly<Record<string, number>> = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  rss: 5,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  locks: 9,
  sigpending: 10,
  msgqueue: 11,
  nice: 12,
  rtprio: 13,
  rttime: 14,
};

const UNLIMITED = 2n ** 64n - 1n;

/** Tells whether a limit of this name exists. */
export function isUlimitName(name: string): boolean {
  return Object.hasOwn(NUMBERS, name);
}

/** Limits for setrlimit(2). */
export function planUlimits(ulimits: readonly Ulimit[]): ResourceLimitPlan[] {
  const amount = (limit: number): bigint => (limit < 0 ? UNLIMITED : BigInt(limit));
  return ulimits.map(({ name, soft, hard }) => ({
    resource: NUMBERS[name] ?? -1,
    soft: amount(soft),
    hard: amount(hard),
  }));
}

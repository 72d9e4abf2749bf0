import { constants } from 'node:fs';
import type { DevicePlan, SymlinkPlan } from './plan.ts';

const CHARACTER_0666 = constants.S_IFCHR | 0o666;

/** The devices of every container. /dev/console belongs to a terminal, and the helper makes it. */
export const DEFAULT_DEVICES: readonly DevicePlan[] = [
  { path: '/dev/null', mode: CHARACTER_0666, major: 1, minor: 3 },
  { path: '/dev/zero', mode: CHARACTER_0666, major: 1, minor: 5 },
  { path: '/dev/full', mode: CHARACTER_0666, major: 1, minor: 7 },
  { path: '/dev/random', mode: CHARACTER_0666, major: 1, minor: 8 },
  { path: '/dev/urandom', mode: CHARACTER_0666, major: 1, minor: 9 },
  { path: '/dev/tty', mode: CHARACTER_0666, major: 5, minor: 0 },
];

/** The links of every container's /dev. */
export const DEFAULT_SYMLINKS: readonly SymlinkPlan[] = [
  { path: '/dev/fd', target: '/proc/self/fd' },
  { path: '/dev/stdin', target: '/proc/self/fd/0' },
  { path: '/dev/stdout', target: '/proc/self/fd/1' },
  { path: '/dev/stderr', target: '/proc/self/fd/2' },
  { path: '/dev/core', target: '/proc/kcore' },
  { path: '/dev/ptmx', target: 'pts/ptmx' },
];

import { constants } from 'node:fs';
import { posix } from 'node:path';
import { BerthError } from '@berth/errors';
import type { DeviceMapping } from '../resources.ts';
import type { DevicePlan, DeviceRulePlan, SymlinkPlan } from './plan.ts';

const CHARACTER_0666 = constants.S_IFCHR | 0o666;

function standardDevice(path: string, major: number, minor: number): DevicePlan {
  return { path, mode: CHARACTER_0666, major, minor, userId: 0, groupId: 0 };
}

/** The devices of every container. /dev/console belongs to a terminal, and the helper makes it. */
export const DEFAULT_DEVICES: readonly DevicePlan[] = [
  standardDevice('/dev/null', 1, 3),
  standardDevice('/dev/zero', 1, 5),
  standardDevice('/dev/full', 1, 7),
  standardDevice('/dev/random', 1, 8),
  standardDevice('/dev/urandom', 1, 9),
  standardDevice('/dev/tty', 5, 0),
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

/** The devices of the host. */
export interface HostDevices {
  /** What is at a path, links followed: a device (`path` as given), the devices in a directory, or why it is neither. */
  find(path: string): readonly DevicePlan[] | 'no such file or directory' | 'not a device node';
  /** All devices of the host's /dev, but terminals and what a container has of its own. */
  all(): readonly DevicePlan[];
}

/** What a container asks of the host's devices. */
export interface DeviceWishes {
  readonly mappings: readonly DeviceMapping[];
  /** `c 1:3 rwm`, checked. */
  readonly rules: readonly string[];
  /** All devices of the host, and no rule at all (`--privileged`). */
  readonly all: boolean;
}

/** Nodes to make, and what may be used: what Docker allows by default, this besides, or all. */
export interface PlannedDevices {
  readonly nodes: readonly DevicePlan[];
  readonly access: 'default' | 'all' | readonly DeviceRulePlan[];
}

/** BPF_DEVCG_ACC_* of include/uapi/linux/bpf.h. */
const ACCESS: Readonly<Record<string, number>> = { m: 1, r: 2, w: 4 };

/** Looks up what a container asked for. Throws DEVICE_UNAVAILABLE for a path that is no device. */
export function planDevices({ mappings, rules, all }: DeviceWishes, host: HostDevices): PlannedDevices {
  if (all) return { nodes: withDefaults(host.all()), access: 'all' };
  if (mappings.length === 0 && rules.length === 0) return { nodes: DEFAULT_DEVICES, access: 'default' };
  const mapped = mappings.map((mapping) => ({ mapping, devices: findMapped(mapping, host) }));
  const access = [
    ...mapped.flatMap(({ mapping, devices }) => devices.map((device) => ruleFor(device, mapping.permissions))),
    ...rules.map(parseDeviceRule),
  ];
  return { nodes: withDefaults(mapped.flatMap(({ devices }) => devices)), access };
}

/** The `major:minor` of a block device. Throws DEVICE_UNAVAILABLE. */
export function blockNumbers(path: string, host: HostDevices): string {
  const found = host.find(path);
  const [device] = typeof found === 'string' ? [] : found;
  if (device?.path !== path || (device.mode & constants.S_IFMT) !== constants.S_IFBLK) {
    const why = typeof found === 'string' ? found : 'not a block device';
    throw new BerthError('DEVICE_UNAVAILABLE', `error gathering device information for "${path}": ${why}`);
  }
  return `${device.major}:${device.minor}`;
}

/** A user's device takes the place of a default one; of two in one place the first stays. */
function withDefaults(devices: readonly DevicePlan[]): DevicePlan[] {
  const byPath = new Map<string, DevicePlan>();
  for (const device of [...devices, ...DEFAULT_DEVICES]) {
    if (!byPath.has(device.path)) byPath.set(device.path, device);
  }
  return [...byPath.values()];
}

function findMapped({ hostPath, containerPath }: DeviceMapping, host: HostDevices): DevicePlan[] {
  const found = host.find(hostPath);
  if (typeof found === 'string') {
    const what = 'error gathering device information while adding custom device';
    throw new BerthError('DEVICE_UNAVAILABLE', `${what} "${hostPath}": ${found}`);
  }
  return found.map((device) => ({
    ...device,
    path: posix.join(containerPath, posix.relative(hostPath, device.path)),
  }));
}

function ruleFor({ mode, major, minor }: DevicePlan, permissions: string): DeviceRulePlan {
  return { type: mode & constants.S_IFMT, major, minor, access: accessOf(permissions) };
}

/** A rule as the user wrote it: `a`, `b` or `c`, numbers or `*`, permissions. */
function parseDeviceRule(rule: string): DeviceRulePlan {
  const [type, major, minor, permissions] = rule.split(/[ :]/);
  const number = (text = '*'): number => (text === '*' ? -1 : Number(text));
  const types: Readonly<Record<string, number>> = { b: constants.S_IFBLK, c: constants.S_IFCHR };
  return {
    type: types[type ?? ''] ?? 0,
    major: number(major),
    minor: number(minor),
    access: accessOf(permissions ?? ''),
  };
}

function accessOf(permissions: string): number {
  return [...new Set(permissions)].reduce((sum, letter) => sum + (ACCESS[letter] ?? 0), 0);
}

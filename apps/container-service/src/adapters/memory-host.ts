import { constants } from 'node:fs';
import type { CgroupLayout, HostResources } from '../plan/cgroup-layout.ts';
import type { HostDevices } from '../plan/devices.ts';
import type { DevicePlan } from '../plan/plan.ts';
import type { HostPaths } from '../ports/files.ts';
import { createSeccompFilters, type SeccompFilters } from '../seccomp/filters.ts';

/** Where a host with cgroup v2 has its controllers. */
export const UNIFIED_LAYOUT: CgroupLayout = {
  unifiedMount: '/cgroup',
  unified: ['cpu', 'cpuset', 'io', 'memory', 'pids'],
  legacy: {},
  weightFile: 'io.weight',
};

/** Seccomp filters of a host that has the call `read` alone. */
export function createMemorySeccompFilters(): SeccompFilters {
  const read = { read: 0 };
  return createSeccompFilters({
    defaultProgram: Buffer.alloc(8),
    syscallTables: () => ({
      x86_64: read,
      x86: read,
      x32: read,
      aarch64: read,
      arm: read,
      x86Multiplexed: { socketcall: {}, ipc: {} },
    }),
    host: { machine: 'x86_64', kernel: { major: 6, minor: 1 } },
  });
}

/** A host with two processors that can set every limit. */
export const HOST_RESOURCES: HostResources = { cpus: 2, cpusetCpus: '0-1', cpusetMems: '0', missing: new Set() };

const DISK: DevicePlan = {
  path: '/dev/disk',
  mode: constants.S_IFBLK | 0o660,
  major: 8,
  minor: 0,
  userId: 0,
  groupId: 6,
};
const SOUND: readonly DevicePlan[] = [0, 1].map((minor) => ({
  path: `/dev/snd/${minor}`,
  mode: constants.S_IFCHR | 0o660,
  major: 116,
  minor,
  userId: 0,
  groupId: 29,
}));

/** A host with `/dev/disk`, `/dev/snd` with two devices in it, and `/dev/file`, which is none. */
export function createMemoryHostDevices(): HostDevices {
  return {
    find(path) {
      if (path === DISK.path) return [DISK];
      if (path === '/dev/snd') return SOUND;
      return path === '/dev/file' ? 'not a device node' : 'no such file or directory';
    },
    all: () => [DISK, ...SOUND],
  };
}

/** Paths of a host that has all but what `missing` names; `made` are those that were to be made. */
export function createMemoryHostPaths(): HostPaths & { readonly missing: Set<string>; readonly made: string[] } {
  const missing = new Set<string>();
  const made: string[] = [];
  return {
    missing,
    made,
    exists: (path) => !missing.has(path),
    ensureDirectory(path) {
      if (missing.delete(path)) made.push(path);
    },
    addressOf: (hostName) => Promise.resolve(`192.0.2.${hostName.length}`),
    sharing: (path) => ({ mountPoint: '/', shared: path.startsWith('/shared'), slave: path.startsWith('/slave') }),
  };
}

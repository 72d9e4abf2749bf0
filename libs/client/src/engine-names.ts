import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** What an engine is called in the kernel, so that several engines on one host do not meet. */
export interface EngineNames {
  /** The bridge of its default network, at most 15 bytes. */
  readonly bridge: string;
  /** The name of its nftables tables, families ip and ip6. */
  readonly table: string;
  /** Its directory in the cgroup2 tree, absolute; containers lie in `containers/<id>` below it. */
  readonly cgroupDir: string;
}

/** Names the engine whose root (EnginePaths.root) is given; null is the host's own engine. */
export function engineNames(root: string | null, cgroupMount = findCgroupMount()): EngineNames {
  if (root === null) return { bridge: 'berth0', table: 'berth', cgroupDir: join(cgroupMount, 'berth') };
  const hash = createHash('sha256').update(root).digest('hex').slice(0, 8);
  return { bridge: `br-${hash}`, table: `berth_${hash}`, cgroupDir: join(cgroupMount, `berth-${hash}`) };
}

/** The directories that an engine may have in cgroup v1 hierarchies, for its containers with limits: of the same name in each. */
export function legacyCgroupDirs(cgroupDir: string, mounts = readFileSync('/proc/self/mounts', 'utf8')): string[] {
  return mounts
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, , type]) => type === 'cgroup')
    .map(([, mountPoint = '']) => join(mountPoint, basename(cgroupDir)));
}

/** Where cgroup2 is mounted: /sys/fs/cgroup, or the unified tree of the hybrid layout. */
function findCgroupMount(): string {
  const hybrid = '/sys/fs/cgroup/unified';
  return existsSync(join(hybrid, 'cgroup.procs')) ? hybrid : '/sys/fs/cgroup';
}

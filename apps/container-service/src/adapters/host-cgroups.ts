import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { CgroupLayout, Controller, HostResources, LimitFeature } from '../plan/cgroup-layout.ts';

const LEGACY_NAMES: Readonly<Record<string, Controller>> = {
  blkio: 'io',
  cpu: 'cpu',
  cpuset: 'cpuset',
  memory: 'memory',
  pids: 'pids',
};
const CONTROLLERS: readonly Controller[] = ['cpu', 'cpuset', 'io', 'memory', 'pids'];

/**
 * Where this host's controllers are. `engineDir` is the engine's directory in the cgroup2 tree, where the weights' files show; it is read
 * anew until the helper has made it.
 */
export function createCgroupLayoutReader(engineDir: string): () => CgroupLayout {
  let known: CgroupLayout | null = null;
  return () => {
    if (known !== null) return known;
    const layout = readCgroupLayout(engineDir);
    if (existsSync(engineDir)) known = layout;
    return layout;
  };
}

function readCgroupLayout(engineDir: string): CgroupLayout {
  const mounts = parseCgroupMounts(readFileSync('/proc/self/mounts', 'utf8'));
  const controllers = existsSync(join(mounts.unifiedMount, 'cgroup.controllers'))
    ? readFileSync(join(mounts.unifiedMount, 'cgroup.controllers'), 'utf8').trim().split(' ')
    : [];
  const unified = CONTROLLERS.filter((name) => controllers.includes(name));
  return { ...mounts, unified, weightFile: findWeightFile(engineDir, mounts.legacy.io) };
}

/** The mount points of control groups in the text of /proc/self/mounts. */
export function parseCgroupMounts(text: string): Pick<CgroupLayout, 'unifiedMount' | 'legacy'> {
  let unifiedMount = '/sys/fs/cgroup';
  const legacy: Partial<Record<Controller, string>> = {};
  for (const line of text.split('\n')) {
    const [, mountPoint = '', type, options = ''] = line.split(' ');
    if (type === 'cgroup2') unifiedMount = mountPoint;
    if (type !== 'cgroup') continue;
    for (const option of options.split(',')) {
      const controller = LEGACY_NAMES[option];
      if (controller !== undefined) legacy[controller] ??= mountPoint;
    }
  }
  return { unifiedMount, legacy };
}

function findWeightFile(engineDir: string, blkio: string | undefined): CgroupLayout['weightFile'] {
  const unified = (['io.bfq.weight', 'io.weight'] as const).find((file) => existsSync(join(engineDir, file)));
  if (unified !== undefined) return unified;
  if (blkio === undefined) return null;
  // The root of the hierarchy has no weight of bfq, but its counters.
  if (existsSync(join(blkio, 'blkio.bfq.io_service_bytes'))) return 'blkio.bfq.weight';
  return existsSync(join(blkio, 'blkio.weight')) ? 'blkio.weight' : null;
}

/** Whether the host has a controller with this file, by its names in the trees of both versions; null: there is none. */
type HasFile = (controller: Controller, legacy: string | null, unified: string | null) => boolean;

/** What limits are checked against on this host; each is read when it is asked for, as few containers have limits. */
export function readHostResources(layout: CgroupLayout, engineDir: string): HostResources {
  const has: HasFile = (controller, legacy, unified) => {
    if (layout.unified.includes(controller)) return unified !== null && existsSync(join(engineDir, unified));
    const mount = layout.legacy[controller];
    return mount !== undefined && legacy !== null && existsSync(join(mount, legacy));
  };
  let missing: Set<LimitFeature> | null = null;
  return {
    get cpus() {
      return cpus().length;
    },
    get cpusetCpus() {
      return readSet(layout, 'cpus', '/sys/devices/system/cpu/online');
    },
    get cpusetMems() {
      return readSet(layout, 'mems', '/sys/devices/system/node/online');
    },
    get missing() {
      return (missing ??= readMissing(layout, has));
    },
  };
}

function readMissing({ unifiedMount, weightFile: weight }: CgroupLayout, has: HasFile): Set<LimitFeature> {
  const present: Readonly<Record<LimitFeature, boolean>> = {
    memory: has('memory', 'memory.limit_in_bytes', 'memory.max'),
    swap: has('memory', 'memory.memsw.limit_in_bytes', 'memory.swap.max'),
    reservation: has('memory', 'memory.soft_limit_in_bytes', 'memory.low'),
    swappiness: has('memory', 'memory.swappiness', null),
    'oom-kill-disable': has('memory', 'memory.oom_control', null),
    // The root of the hierarchy has no pids.max.
    pids: has('pids', 'cgroup.procs', 'pids.max'),
    shares: has('cpu', 'cpu.shares', 'cpu.weight'),
    quota: has('cpu', 'cpu.cfs_quota_us', 'cpu.max'),
    cpuset: has('cpuset', 'cpuset.cpus', 'cpuset.cpus'),
    weight: weight !== null,
    'weight-device': hasDeviceWeights(weight, unifiedMount) || has('io', 'blkio.weight_device', null),
    throttle: has('io', 'blkio.throttle.read_bps_device', 'io.max'),
  };
  return new Set((Object.keys(present) as LimitFeature[]).filter((feature) => !present[feature]));
}

/** The kernel takes an io.weight for no device but one whose io.cost somebody has switched on. */
function hasDeviceWeights(weightFile: CgroupLayout['weightFile'], unifiedMount: string): boolean {
  if (weightFile !== 'io.weight') return weightFile === 'io.bfq.weight' || weightFile === 'blkio.bfq.weight';
  const file = join(unifiedMount, 'io.cost.qos');
  return existsSync(file) && /\benable=1\b/.test(readFileSync(file, 'utf8'));
}

function readSet(layout: CgroupLayout, name: 'cpus' | 'mems', online: string): string {
  const effective = join(layout.unifiedMount, `cpuset.${name}.effective`);
  const legacy = join(layout.legacy.cpuset ?? '', `cpuset.${name}`);
  const file = [effective, legacy, online].find((path) => path.startsWith('/') && existsSync(path));
  return file === undefined ? '0' : readFileSync(file, 'utf8').trim();
}

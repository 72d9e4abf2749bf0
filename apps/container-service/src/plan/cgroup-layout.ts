/** What limits need, by the names of cgroup v2; `io` is `blkio` in v1. */
export type Controller = 'cpu' | 'cpuset' | 'io' | 'memory' | 'pids';

/** Where the controllers are on a host: in the cgroup2 tree, in hierarchies of cgroup v1, or some here and some there. */
export interface CgroupLayout {
  /** Absolute mount point of the cgroup2 tree. */
  readonly unifiedMount: string;
  /** The controllers of the cgroup2 tree. */
  readonly unified: readonly Controller[];
  /** Absolute mount points of cgroup v1 hierarchies. */
  readonly legacy: Readonly<Partial<Record<Controller, string>>>;
  /** The file for block weights: of bfq where it is the scheduler's, as its weights are the ones that count. */
  readonly weightFile: 'io.bfq.weight' | 'io.weight' | 'blkio.bfq.weight' | 'blkio.weight' | null;
}

/** What of a host limits are checked against. */
export interface HostResources {
  /** Processors. */
  readonly cpus: number;
  /** `0-3`. */
  readonly cpusetCpus: string;
  readonly cpusetMems: string;
  /** Limits that the kernel cannot set. */
  readonly missing: ReadonlySet<LimitFeature>;
}

/** A limit, as far as kernels differ in it. */
export type LimitFeature =
  | 'memory'
  | 'swap'
  | 'reservation'
  | 'swappiness'
  | 'oom-kill-disable'
  | 'pids'
  | 'shares'
  | 'quota'
  | 'cpuset'
  | 'weight'
  | 'weight-device'
  | 'throttle';

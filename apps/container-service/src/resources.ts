/** Limits of a container. Zero and empty: none, or the kernel's default. */
export interface Resources {
  /** Bytes. */
  readonly memoryBytes: number;
  /** Memory and swap together, bytes; -1: no limit. */
  readonly memorySwapBytes: number;
  readonly memoryReservationBytes: number;
  /** 0 to 100; null: the host's. */
  readonly memorySwappiness: number | null;
  /** Processors in 10^-9. */
  readonly nanoCpus: number;
  /** Relative weight. */
  readonly cpuShares: number;
  /** Microseconds. */
  readonly cpuPeriod: number;
  /** Microseconds in each period. */
  readonly cpuQuota: number;
  /** `0-2,5`. */
  readonly cpusetCpus: string;
  readonly cpusetMems: string;
  /** Null: not given. Zero and less: no limit. */
  readonly pidsLimit: number | null;
  /** Relative weight, 10 to 1000. */
  readonly blkioWeight: number;
  readonly blkioWeightDevices: readonly DeviceRate[];
  /** Bytes a second, here and in the next. */
  readonly deviceReadBps: readonly DeviceRate[];
  readonly deviceWriteBps: readonly DeviceRate[];
  /** Operations a second, here and in the next. */
  readonly deviceReadIops: readonly DeviceRate[];
  readonly deviceWriteIops: readonly DeviceRate[];
  readonly ulimits: readonly Ulimit[];
  /** The size of /dev/shm, bytes; 0: 64 MiB. */
  readonly shmSizeBytes: number;
  readonly oomKillDisable: boolean;
  /** Empty: the engine's. */
  readonly cgroupParent: string;
}

/** A rate or weight of a block device. */
export interface DeviceRate {
  /** Absolute path on the host. */
  readonly path: string;
  readonly rate: number;
}

/** A limit of each process. */
export interface Ulimit {
  /** `nofile`: as in getrlimit(2), in small letters without RLIMIT_. */
  readonly name: string;
  /** -1: none. */
  readonly soft: number;
  readonly hard: number;
}

/** A device of the host in a container. */
export interface DeviceMapping {
  /** A device, or a directory of devices. */
  readonly hostPath: string;
  readonly containerPath: string;
  /** `r`, `w` and `m` in any mix. */
  readonly permissions: string;
}

/** Devices asked for by what they can do. */
export interface DeviceRequest {
  readonly driver: string;
  readonly capabilities: readonly string[];
}

/** No limit at all. */
export const NO_LIMITS: Resources = {
  memoryBytes: 0,
  memorySwapBytes: 0,
  memoryReservationBytes: 0,
  memorySwappiness: null,
  nanoCpus: 0,
  cpuShares: 0,
  cpuPeriod: 0,
  cpuQuota: 0,
  cpusetCpus: '',
  cpusetMems: '',
  pidsLimit: null,
  blkioWeight: 0,
  blkioWeightDevices: [],
  deviceReadBps: [],
  deviceWriteBps: [],
  deviceReadIops: [],
  deviceWriteIops: [],
  ulimits: [],
  shmSizeBytes: 0,
  oomKillDisable: false,
  cgroupParent: '',
};

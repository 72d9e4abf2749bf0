import type { Resources } from '@berth/proto/container';

/** Resources without any limit. */
export const NO_LIMITS: Resources = {
  memoryBytes: 0n,
  memorySwapBytes: 0n,
  memoryReservationBytes: 0n,
  memorySwappiness: undefined,
  nanoCpus: 0n,
  cpuShares: 0n,
  cpuPeriod: 0n,
  cpuQuota: 0n,
  cpusetCpus: '',
  cpusetMems: '',
  pidsLimit: undefined,
  blkioWeight: 0,
  blkioWeightDevices: [],
  deviceReadBps: [],
  deviceWriteBps: [],
  deviceReadIops: [],
  deviceWriteIops: [],
  ulimits: [],
  shmSizeBytes: 0n,
  oomKillDisable: false,
  cgroupParent: '',
};

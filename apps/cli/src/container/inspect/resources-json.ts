import type { ContainerConfig, DeviceRate } from '@berth/proto/container';
import type { Json } from '../../format/json.ts';

const DEFAULT_SHM_SIZE = 67_108_864;

/** The part of `HostConfig` that is about limits and devices, in Docker's order. */
export function resourcesJson(config: ContainerConfig | undefined): Record<string, Json> {
  const resources = config?.resources;
  const pidsLimit = resources?.pidsLimit;
  return {
    CpuShares: Number(resources?.cpuShares ?? 0),
    Memory: Number(resources?.memoryBytes ?? 0),
    NanoCpus: Number(resources?.nanoCpus ?? 0),
    CgroupParent: resources?.cgroupParent ?? '',
    BlkioWeight: resources?.blkioWeight ?? 0,
    BlkioWeightDevice: ratesJson(resources?.blkioWeightDevices, 'Weight'),
    BlkioDeviceReadBps: ratesJson(resources?.deviceReadBps, 'Rate'),
    BlkioDeviceWriteBps: ratesJson(resources?.deviceWriteBps, 'Rate'),
    BlkioDeviceReadIOps: ratesJson(resources?.deviceReadIops, 'Rate'),
    BlkioDeviceWriteIOps: ratesJson(resources?.deviceWriteIops, 'Rate'),
    CpuPeriod: Number(resources?.cpuPeriod ?? 0),
    CpuQuota: Number(resources?.cpuQuota ?? 0),
    CpuRealtimePeriod: 0,
    CpuRealtimeRuntime: 0,
    CpusetCpus: resources?.cpusetCpus ?? '',
    CpusetMems: resources?.cpusetMems ?? '',
    Devices: (config?.devices ?? []).map(({ hostPath, containerPath, permissions }) => ({
      PathOnHost: hostPath,
      PathInContainer: containerPath,
      CgroupPermissions: permissions,
    })),
    DeviceCgroupRules: config && config.deviceCgroupRules.length > 0 ? config.deviceCgroupRules : null,
    DeviceRequests: null,
    MemoryReservation: Number(resources?.memoryReservationBytes ?? 0),
    MemorySwap: Number(resources?.memorySwapBytes ?? 0),
    MemorySwappiness: resources?.memorySwappiness ?? null,
    OomKillDisable: resources?.oomKillDisable ? true : null,
    PidsLimit: pidsLimit === undefined ? null : Number(pidsLimit),
    Ulimits: (resources?.ulimits ?? []).map(({ name, soft, hard }) => ({
      Name: name,
      Hard: Number(hard),
      Soft: Number(soft),
    })),
    CpuCount: 0,
    CpuPercent: 0,
    IOMaximumIOps: 0,
    IOMaximumBandwidth: 0,
  };
}

/** The size of /dev/shm, and kernel parameters where there are some. */
export function kernelJson(config: ContainerConfig | undefined): Record<string, Json> {
  const ShmSize = Number(config?.resources?.shmSizeBytes ?? 0) || DEFAULT_SHM_SIZE;
  const sysctls = config?.sysctls ?? {};
  return Object.keys(sysctls).length > 0 ? { ShmSize, Sysctls: sysctls } : { ShmSize };
}

function ratesJson(rates: readonly DeviceRate[] | undefined, name: 'Rate' | 'Weight'): Json {
  return (rates ?? []).map(({ path, rate }) => ({ Path: path, [name]: Number(rate) }));
}

import type { Container, ContainerConfig, MountConfig } from '@berth/proto/container';
import type { Json } from '../../format/json.ts';

/** `HostConfig`: what the engine has nothing behind is as Docker shows it when nobody asked for it. */
export function hostConfigJson({ config, network, maskedPaths, readonlyPaths }: Container): Json {
  return {
    Binds: config && config.mounts.length > 0 ? config.mounts.map(bindText) : null,
    ContainerIDFile: config?.containerIdFile ?? '',
    LogConfig: { Type: 'json-file', Config: {} },
    NetworkMode: config?.networkMode || network?.network || 'bridge',
    PortBindings: {},
    RestartPolicy: {
      Name: config?.restartPolicy?.name || 'no',
      MaximumRetryCount: config?.restartPolicy?.maximumRetryCount ?? 0,
    },
    AutoRemove: config?.autoRemove ?? false,
    VolumeDriver: '',
    VolumesFrom: null,
    ConsoleSize: [0, 0],
    CapAdd: null,
    CapDrop: null,
    CgroupnsMode: 'private',
    Dns: [],
    DnsOptions: [],
    DnsSearch: [],
    ExtraHosts: null,
    GroupAdd: null,
    IpcMode: 'private',
    Cgroup: '',
    Links: null,
    OomScoreAdj: 0,
    PidMode: '',
    Privileged: false,
    PublishAllPorts: false,
    ReadonlyRootfs: false,
    SecurityOpt: securityOptions(config),
    UTSMode: '',
    UsernsMode: config?.userNamespaceMode ?? '',
    ShmSize: 67_108_864,
    Runtime: 'berth',
    Isolation: '',
    ...resourcesJson(),
    MaskedPaths: maskedPaths,
    ReadonlyPaths: readonlyPaths,
  };
}

function bindText({ source, target, readonly }: MountConfig): string {
  return [...(source === '' ? [] : [source]), target, ...(readonly ? ['ro'] : [])].join(':');
}

function securityOptions(config: ContainerConfig | undefined): Json {
  return config?.noNewPrivileges ? ['no-new-privileges'] : null;
}

function resourcesJson(): Record<string, Json> {
  return {
    CpuShares: 0,
    Memory: 0,
    NanoCpus: 0,
    CgroupParent: '',
    BlkioWeight: 0,
    BlkioWeightDevice: [],
    BlkioDeviceReadBps: [],
    BlkioDeviceWriteBps: [],
    BlkioDeviceReadIOps: [],
    BlkioDeviceWriteIOps: [],
    CpuPeriod: 0,
    CpuQuota: 0,
    CpuRealtimePeriod: 0,
    CpuRealtimeRuntime: 0,
    CpusetCpus: '',
    CpusetMems: '',
    Devices: [],
    DeviceCgroupRules: null,
    DeviceRequests: null,
    MemoryReservation: 0,
    MemorySwap: 0,
    MemorySwappiness: null,
    OomKillDisable: null,
    PidsLimit: null,
    Ulimits: [],
    CpuCount: 0,
    CpuPercent: 0,
    IOMaximumIOps: 0,
    IOMaximumBandwidth: 0,
  };
}

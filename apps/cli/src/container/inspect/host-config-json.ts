import type { Container, ContainerConfig, MountConfig } from '@berth/proto/container';
import type { Json } from '../../format/json.ts';
import { kernelJson, resourcesJson } from './resources-json.ts';

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
    OomScoreAdj: config?.oomScoreAdj ?? 0,
    PidMode: '',
    Privileged: false,
    PublishAllPorts: false,
    ReadonlyRootfs: false,
    SecurityOpt: securityOptions(config),
    UTSMode: '',
    UsernsMode: config?.userNamespaceMode ?? '',
    ...kernelJson(config),
    Runtime: 'berth',
    Isolation: '',
    ...resourcesJson(config),
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

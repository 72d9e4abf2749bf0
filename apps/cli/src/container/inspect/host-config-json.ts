import { MountType, type Container, type ContainerConfig, type MountConfig } from '@berth/proto/container';
import { sortKeys, type Json } from '../../format/json.ts';
import { askedMountsJson, isTmpfsOption } from './mounts-json.ts';
import { portBindingsJson } from './ports-json.ts';
import { kernelJson, resourcesJson } from './resources-json.ts';

/** `HostConfig`: what the engine has nothing behind is as Docker shows it when nobody asked for it. */
export function hostConfigJson({ config, network, maskedPaths, readonlyPaths }: Container): Json {
  return {
    Binds: orNull((config?.mounts ?? []).filter(isBindOption).map(bindText)),
    ContainerIDFile: config?.containerIdFile ?? '',
    LogConfig: { Type: config?.logConfig?.driver ?? 'json-file', Config: sortKeys(config?.logConfig?.options ?? {}) },
    NetworkMode: config?.networkMode || network?.network || 'bridge',
    PortBindings: portBindingsJson(config?.portBindings ?? []),
    RestartPolicy: {
      Name: config?.restartPolicy?.name || 'no',
      MaximumRetryCount: config?.restartPolicy?.maximumRetryCount ?? 0,
    },
    AutoRemove: config?.autoRemove ?? false,
    VolumeDriver: config?.volumeDriver ?? '',
    VolumesFrom: orNull(config?.volumesFrom),
    ConsoleSize: [0, 0],
    ...annotationsJson(config),
    CapAdd: orNull(config?.capabilitiesAdd),
    CapDrop: orNull(config?.capabilitiesDrop),
    CgroupnsMode: config?.cgroupNamespaceMode || 'private',
    Dns: config?.dnsServers ?? [],
    DnsOptions: config?.dnsOptions ?? [],
    DnsSearch: config?.dnsSearch ?? [],
    ExtraHosts: orNull(config?.extraHosts),
    GroupAdd: orNull(config?.additionalGroups),
    IpcMode: config?.ipcMode || 'private',
    Cgroup: '',
    Links: null,
    OomScoreAdj: config?.oomScoreAdj ?? 0,
    PidMode: config?.pidMode ?? '',
    Privileged: config?.privileged ?? false,
    PublishAllPorts: config?.publishAllPorts ?? false,
    ReadonlyRootfs: config?.readonlyRoot ?? false,
    SecurityOpt: orNull(securityOptions(config)),
    ...tmpfsJson(config),
    UTSMode: config?.utsMode ?? '',
    UsernsMode: config?.userNamespaceMode ?? '',
    ...kernelJson(config),
    Runtime: 'berth',
    Isolation: '',
    ...(config?.init ? { Init: true } : {}),
    ...resourcesJson(config),
    ...askedMountsJson(config?.mounts ?? []),
    MaskedPaths: maskedPaths,
    ReadonlyPaths: readonlyPaths,
  };
}

/** Tells a `-v` that names something: of one that does not, Docker tells in Config.Volumes. */
function isBindOption({ type, source, mode }: MountConfig): boolean {
  return type !== MountType.TMPFS && source !== '' && mode !== undefined;
}

function bindText({ source, target, mode = '' }: MountConfig): string {
  return [source, target, ...(mode === '' ? [] : [mode])].join(':');
}

/** Docker switches labels off by itself where the host's processes are reached, unless one has been asked for. */
function securityOptions(config: ContainerConfig | undefined): string[] {
  if (!config) return [];
  const { privileged, ipcMode, pidMode } = config;
  const options = askedSecurityOptions(config);
  const reachesHost = privileged || ipcMode === 'host' || pidMode === 'host';
  return reachesHost && !options.some((option) => /^label\b/.test(option)) ? [...options, 'label=disable'] : options;
}

/** In the words of the user, or, where a program made the container, in those that it could have used. */
function askedSecurityOptions(config: ContainerConfig): string[] {
  const { securityOptions: options, noNewPrivileges, seccompProfile, apparmorProfile } = config;
  if (options.length > 0) return options;
  return [
    ...(noNewPrivileges ? ['no-new-privileges'] : []),
    ...(seccompProfile === '' ? [] : [`seccomp=${seccompProfile}`]),
    ...(apparmorProfile === '' ? [] : [`apparmor=${apparmorProfile}`]),
  ];
}

function tmpfsJson(config: ContainerConfig | undefined): Record<string, Json> {
  const mounts = config?.mounts.filter(isTmpfsOption) ?? [];
  if (mounts.length === 0) return {};
  return { Tmpfs: sortKeys(Object.fromEntries(mounts.map(({ target, tmpfsOptions }) => [target, tmpfsOptions]))) };
}

function annotationsJson(config: ContainerConfig | undefined): Record<string, Json> {
  const annotations = config?.annotations ?? {};
  return Object.keys(annotations).length === 0 ? {} : { Annotations: sortKeys(annotations) };
}

function orNull(list: string[] | undefined): string[] | null {
  return list && list.length > 0 ? list : null;
}

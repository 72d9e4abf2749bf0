import { BerthError } from '@berth/errors';
import type { ContainerConfig as ProtoConfig } from '@berth/proto/container';
import { joinedContainer, type ContainerMode, type IsolationConfig, type NamesConfig } from '../isolation.ts';
import { parseCapability } from '../plan/capabilities.ts';

/** The fields of a config that say how far a container is kept apart. */
export type ProtoIsolation = Pick<
  ProtoConfig,
  | 'additionalGroups'
  | 'capabilitiesAdd'
  | 'capabilitiesDrop'
  | 'privileged'
  | 'seccompProfile'
  | 'apparmorProfile'
  | 'readonlyRoot'
  | 'systemPathsUnconfined'
  | 'writableCgroups'
  | 'securityOptions'
  | 'pidMode'
  | 'ipcMode'
  | 'utsMode'
  | 'cgroupNamespaceMode'
  | 'init'
>;

/** From the wire. Throws INVALID_ARGUMENT. */
export function fromProtoIsolation(config: ProtoIsolation): IsolationConfig {
  return {
    additionalGroups: config.additionalGroups,
    capabilitiesAdd: parseCapabilities('CapAdd', config.capabilitiesAdd),
    capabilitiesDrop: parseCapabilities('CapDrop', config.capabilitiesDrop),
    privileged: config.privileged,
    seccompProfile: config.seccompProfile,
    apparmorProfile: config.apparmorProfile,
    readonlyRoot: config.readonlyRoot,
    systemPathsUnconfined: config.systemPathsUnconfined,
    writableCgroups: config.writableCgroups,
    securityOptions: config.securityOptions,
    pidMode: parseMode('PID', config.pidMode, ['', 'host']),
    ipcMode: parseMode('IPC', config.ipcMode, ['', 'private', 'shareable', 'none', 'host']),
    utsMode: parsePlainMode('UTS', config.utsMode, ['', 'host']),
    cgroupNamespaceMode: parsePlainMode('CGROUP', config.cgroupNamespaceMode, ['', 'private', 'host']),
    init: config.init,
  };
}

/** For the wire. */
export function toProtoIsolation(isolation: IsolationConfig): ProtoIsolation {
  const { additionalGroups, capabilitiesAdd, capabilitiesDrop, securityOptions } = isolation;
  return {
    ...isolation,
    additionalGroups: [...additionalGroups],
    capabilitiesAdd: [...capabilitiesAdd],
    capabilitiesDrop: [...capabilitiesDrop],
    securityOptions: [...securityOptions],
  };
}

/** For the wire, and from it. */
export function copyNames(names: NamesConfig): {
  [Key in keyof NamesConfig]: Key extends 'domainName' ? string : string[];
} {
  return {
    domainName: names.domainName,
    extraHosts: [...names.extraHosts],
    dnsServers: [...names.dnsServers],
    dnsSearch: [...names.dnsSearch],
    dnsOptions: [...names.dnsOptions],
  };
}

/** `container:ID`, or null. Throws INVALID_ARGUMENT when the id is missing. */
export function parseContainerMode(mode: string): ContainerMode | null {
  const id = joinedContainer(mode);
  if (id === '') {
    throw new BerthError('INVALID_ARGUMENT', `invalid mode ${mode}: invalid container format container:<name|id>`);
  }
  return id === null ? null : `container:${id}`;
}

function parseMode<Mode extends string>(what: string, mode: string, modes: readonly Mode[]): Mode | ContainerMode {
  return parseContainerMode(mode) ?? parsePlainMode(what, mode, modes);
}

function parsePlainMode<Mode extends string>(what: string, mode: string, modes: readonly Mode[]): Mode {
  const known = modes.find((each) => each === mode);
  if (known !== undefined) return known;
  throw new BerthError('INVALID_ARGUMENT', `invalid ${what} mode: ${mode}`);
}

function parseCapabilities(field: string, names: readonly string[]): string[] {
  try {
    return names.map(parseCapability);
  } catch (error) {
    throw new BerthError('INVALID_ARGUMENT', `invalid ${field}: ${(error as Error).message}`, { cause: error });
  }
}

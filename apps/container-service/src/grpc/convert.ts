import {
  ChangeKind,
  ContainerStatus as ProtoStatus,
  type Container as ProtoContainer,
  type ContainerConfig as ProtoConfig,
  type NameFilePaths,
  type PathChange as ProtoPathChange,
  type RestartPolicy as ProtoRestartPolicy,
} from '@berth/proto/container';
import type { Timestamp } from '@berth/proto/timestamp';
import { BerthError } from '@berth/errors';
import { posix } from 'node:path';
import { isActive, type ContainerStatus } from '../container.ts';
import type {
  ContainerConfig,
  PortBinding,
  RestartPolicy,
  StreamName,
  UserNamespaceMode,
} from '../container-config.ts';
import type { ContainerPaths } from '../ports/files.ts';
import type { PathChange } from '../ports/images.ts';
import type { ContainerView } from '../show-containers.ts';
import { parseLogConfig } from '../spec/log-config.ts';
import { parseRestartPolicy } from '../spec/restart-policy.ts';
import { fromProtoDevice, fromProtoResources, toProtoResources } from './convert-resources.ts';
import { copyNames, fromProtoIsolation, parseContainerMode, toProtoIsolation } from './convert-isolation.ts';
import { byInterface, fromProtoAttachment, toProtoAttachment, toProtoEndpoints } from './convert-endpoints.ts';
import { fromProtoHealthCheck, toProtoHealth, toProtoHealthCheck } from './convert-health.ts';
import { formatSignal } from '../spec/signal.ts';
import { fromProtoMount, toProtoMount, toProtoMountPoint } from './convert-mounts.ts';

const STATUSES: Readonly<Record<ContainerStatus, ProtoStatus>> = {
  created: ProtoStatus.CREATED,
  starting: ProtoStatus.STARTING,
  running: ProtoStatus.RUNNING,
  paused: ProtoStatus.PAUSED,
  restarting: ProtoStatus.RESTARTING,
  exited: ProtoStatus.EXITED,
};

const CHANGE_KINDS: Readonly<Record<PathChange['kind'], ChangeKind>> = {
  changed: ChangeKind.CHANGED,
  added: ChangeKind.ADDED,
  deleted: ChangeKind.DELETED,
};

export function toProtoChange({ path, kind }: PathChange): ProtoPathChange {
  return { path, kind: CHANGE_KINDS[kind] };
}

/** A config from the wire. Throws INVALID_ARGUMENT and NETWORK_NOT_FOUND. */
export function fromProtoConfig(config: ProtoConfig | undefined): ContainerConfig {
  if (config === undefined) throw new BerthError('INVALID_ARGUMENT', 'a container needs a config');
  return {
    image: config.image,
    command: config.command,
    entrypoint: config.entrypointSet ? config.entrypoint : null,
    environment: config.environment,
    workingDirectory: config.workingDirectory,
    user: config.user,
    hostname: config.hostname,
    terminal: config.terminal,
    openStdin: config.openStdin,
    stdinOnce: config.stdinOnce,
    autoRemove: config.autoRemove,
    labels: config.labels,
    networkMode: fromNetworkMode(config.networkMode),
    networks: config.networks.map(fromProtoAttachment),
    mounts: config.mounts.map(fromProtoMount),
    volumesFrom: config.volumesFrom,
    volumeDriver: config.volumeDriver,
    noNewPrivileges: config.noNewPrivileges,
    stopSignal: config.stopSignal,
    stopTimeoutSeconds: config.stopTimeoutSeconds ?? null,
    userNamespaceMode: fromUserNamespaceMode(config.userNamespaceMode),
    restartPolicy: fromProtoRestartPolicy(config.restartPolicy),
    logConfig: parseLogConfig(config.logConfig?.driver ?? '', config.logConfig?.options ?? {}),
    healthCheck: fromProtoHealthCheck(config.healthCheck),
    exposedPorts: config.exposedPorts,
    portBindings: config.portBindings.map(copyPortBinding),
    publishAllPorts: config.publishAllPorts,
    attachedStreams: config.attachedStreams.map(fromStreamName),
    containerIdFile: config.containerIdFile,
    resources: fromProtoResources(config.resources),
    sysctls: config.sysctls,
    oomScoreAdj: config.oomScoreAdj,
    devices: config.devices.map(fromProtoDevice),
    deviceCgroupRules: config.deviceCgroupRules,
    deviceRequests: config.deviceRequests,
    isolation: fromProtoIsolation(config),
    names: copyNames(config),
    annotations: config.annotations,
  };
}

/** A restart policy from the wire; absent is `no`. Throws INVALID_ARGUMENT. */
export function fromProtoRestartPolicy(policy: ProtoRestartPolicy | undefined): RestartPolicy {
  return parseRestartPolicy(policy?.name ?? '', policy?.maximumRetryCount ?? 0);
}

function fromUserNamespaceMode(mode: string): UserNamespaceMode {
  if (mode === '' || mode === 'host') return 'host';
  if (mode === 'auto') return mode;
  throw new BerthError('INVALID_ARGUMENT', 'invalid USER mode');
}

function fromNetworkMode(mode: string): string {
  const joined = parseContainerMode(mode);
  if (joined !== null) return joined;
  return mode === '' || mode === 'default' ? 'bridge' : mode;
}

function fromStreamName(name: string): StreamName {
  if (name === 'stdin' || name === 'stdout' || name === 'stderr') return name;
  throw new BerthError('INVALID_ARGUMENT', `there is no stream ${JSON.stringify(name)}`);
}

/** A container for the wire. */
export function toProtoContainer(view: ContainerView): ProtoContainer {
  const { container, paths, execIds, maskedPaths, readonlyPaths, sizes } = view;
  const { state, rootfs } = container;
  return {
    id: container.id,
    name: container.name,
    config: toProtoConfig(container.config),
    imageId: container.imageId,
    arguments: [...container.arguments],
    entrypointCount: container.entrypointCount,
    environment: [...container.environment],
    workingDirectory: container.workingDirectory,
    user: container.user,
    hostname: container.hostname,
    status: STATUSES[state.status],
    pid: state.pid,
    exitCode: state.exitCode,
    oomKilled: state.oomKilled,
    error: state.error,
    createTime: toTimestamp(container.createTimeNs),
    startTime: toTimestamp(state.startTimeNs),
    finishTime: toTimestamp(state.finishTimeNs),
    logPath: container.config.logConfig.driver === 'none' ? '' : paths.log,
    nameFiles: state.startTimeNs === null ? undefined : toProtoNameFiles(paths),
    writableSizeBytes: sizes === null ? undefined : BigInt(sizes.writable),
    rootSizeBytes: sizes === null ? undefined : BigInt(sizes.root),
    execIds: [...execIds],
    maskedPaths: [...maskedPaths],
    readonlyPaths: [...readonlyPaths],
    apparmorProfile: state.apparmorProfile,
    network: toProtoEndpoints(container)[0],
    networks: toProtoEndpoints(container).sort(byInterface),
    mounts: container.mounts.map(toProtoMountPoint),
    labels: { ...container.labels },
    exposedPorts: [...container.exposedPorts],
    publishedPorts: isActive(container) ? [...state.publishedPorts] : [],
    rootDirectories: {
      lower: rootfs.lowerDirs.map((name) => posix.join(rootfs.layersDir, name)),
      upper: rootfs.upperDir,
      work: rootfs.workDir,
    },
    platform: 'linux',
    stopSignal: formatSignal(container.stopSignal),
    restartCount: state.restartCount,
    health: toProtoHealth(state.health),
    healthCheck: toProtoHealthCheck(container.healthCheck),
  };
}

function toProtoConfig(config: ContainerConfig): ProtoConfig {
  const { stopTimeoutSeconds, entrypoint } = config;
  return {
    image: config.image,
    command: [...config.command],
    entrypoint: [...(entrypoint ?? [])],
    entrypointSet: entrypoint !== null,
    environment: [...config.environment],
    workingDirectory: config.workingDirectory,
    user: config.user,
    hostname: config.hostname,
    terminal: config.terminal,
    openStdin: config.openStdin,
    stdinOnce: config.stdinOnce,
    autoRemove: config.autoRemove,
    labels: { ...config.labels },
    networkMode: config.networkMode,
    networks: config.networks.map(toProtoAttachment),
    mounts: config.mounts.map(toProtoMount),
    volumesFrom: [...config.volumesFrom],
    volumeDriver: config.volumeDriver,
    noNewPrivileges: config.noNewPrivileges,
    stopSignal: config.stopSignal,
    stopTimeoutSeconds: stopTimeoutSeconds ?? undefined,
    restartPolicy: { ...config.restartPolicy },
    logConfig: { driver: config.logConfig.driver, options: { ...config.logConfig.options } },
    healthCheck: toProtoHealthCheck(config.healthCheck),
    exposedPorts: [...config.exposedPorts],
    portBindings: config.portBindings.map(copyPortBinding),
    publishAllPorts: config.publishAllPorts,
    attachedStreams: [...config.attachedStreams],
    containerIdFile: config.containerIdFile,
    resources: toProtoResources(config.resources),
    sysctls: { ...config.sysctls },
    oomScoreAdj: config.oomScoreAdj,
    devices: [...config.devices],
    deviceCgroupRules: [...config.deviceCgroupRules],
    // None is ever available, so no container has one.
    deviceRequests: [],
    userNamespaceMode: config.userNamespaceMode === 'auto' ? 'auto' : '',
    ...toProtoIsolation(config.isolation),
    ...copyNames(config.names),
    annotations: { ...config.annotations },
  };
}

/** The same on both sides. */
function copyPortBinding({ containerPort, hostAddress, firstHostPort, lastHostPort }: PortBinding): PortBinding {
  return { containerPort, hostAddress, firstHostPort, lastHostPort };
}

function toProtoNameFiles({ resolvConf, hostname, hosts }: ContainerPaths): NameFilePaths {
  return { resolvConf, hostname, hosts };
}

/** A time for the wire; absent when it is null. */
export function toTimestamp(timeNs: bigint): Timestamp;
export function toTimestamp(timeNs: bigint | null): Timestamp | undefined;
export function toTimestamp(timeNs: bigint | null): Timestamp | undefined {
  if (timeNs === null) return undefined;
  return { seconds: timeNs / 1_000_000_000n, nanos: Number(timeNs % 1_000_000_000n) };
}

/** A time from the wire; null when it is absent. */
export function fromTimestamp(time: Timestamp | undefined): bigint | null {
  return time === undefined ? null : time.seconds * 1_000_000_000n + BigInt(time.nanos);
}

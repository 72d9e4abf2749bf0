import { posix } from 'node:path';
import { BerthError } from '@berth/errors';
import type { ContainerDefaults } from '@berth/oci';
import type { ContainerConfig } from '../container-config.ts';
import { joinedContainer } from '../isolation.ts';
import { shortId, type ContainerSpec } from '../container.ts';
import { checkDevices } from './devices.ts';
import { resolveSysctls } from './sysctls.ts';
import { resolveCommand } from './command.ts';
import { checkEnvironment, mergeEnvironment } from './environment.ts';
import { checkHealthCheck, resolveHealthCheck } from './health-check.ts';
import { checkRestartPolicy } from './restart-policy.ts';
import { boundPorts, checkPort, checkPortBinding, comparePorts } from './ports.ts';
import { ownNamespaces } from '../plan/namespaces.ts';
import { checkIsolation } from './isolation.ts';
import { parseSignal } from './signal.ts';
import type { MountPoint, Rootfs } from '../mount.ts';

/** What an image says about its containers, as far as it is heeded. */
export type ImageDefaults = Pick<
  ContainerDefaults,
  | 'user'
  | 'env'
  | 'entrypoint'
  | 'cmd'
  | 'workingDir'
  | 'volumes'
  | 'labels'
  | 'exposedPorts'
  | 'stopSignal'
  | 'stopTimeoutSeconds'
  | 'shell'
  | 'healthcheck'
>;

/** What a container is specified from, besides the user's config. */
export interface SpecificationInput {
  readonly id: string;
  readonly name: string;
  readonly imageId: string;
  readonly image: ImageDefaults;
  readonly mounts: readonly MountPoint[];
  readonly rootfs: Rootfs;
  readonly firstUserId: number | null;
  /** The host's own name, for containers in its network or UTS namespace. */
  readonly hostHostname: string;
  /** The name of the container whose network is joined; null when none is. */
  readonly joinedHostname: string | null;
  readonly createTimeNs: bigint;
}

const DEFAULT_STOP_TIMEOUT_SECONDS = 10;
const MAX_ARGUMENT_BYTES = 1024 * 1024;
const MAX_HOSTNAME_BYTES = 64;

/** Resolves all that a container is. Throws COMMAND_MISSING and INVALID_ARGUMENT, in Docker's words. */
export function specifyContainer(config: ContainerConfig, input: SpecificationInput): ContainerSpec {
  const { id, name, image, imageId, mounts, rootfs, firstUserId, createTimeNs } = input;
  const environment = mergeEnvironment(config.environment, image.env);
  checkEnvironment(environment);
  const command = resolveCommand(config, image);
  checkArguments(command.arguments);
  return {
    id,
    name,
    config,
    imageId,
    ...command,
    environment,
    workingDirectory: resolveWorkingDirectory(config.workingDirectory || image.workingDir),
    user: config.user || image.user,
    hostname: resolveHostname(config, input),
    labels: { ...image.labels, ...config.labels },
    exposedPorts: [...new Set([...image.exposedPorts, ...config.exposedPorts, ...boundPorts(config)])].sort(
      comparePorts,
    ),
    stopSignal: parseSignal(config.stopSignal || image.stopSignal || 'SIGTERM'),
    stopTimeoutSeconds: config.stopTimeoutSeconds ?? image.stopTimeoutSeconds ?? DEFAULT_STOP_TIMEOUT_SECONDS,
    shell: image.shell,
    healthCheck: resolveHealthCheck(config.healthCheck, image.healthcheck),
    mounts,
    rootfs,
    firstUserId,
    pendingLimits: null,
    createTimeNs,
  };
}

/** Checks what needs no image, so that a bad request costs nothing. Throws INVALID_ARGUMENT. */
export function checkConfig(config: ContainerConfig): void {
  checkRestartPolicy(config.restartPolicy, config.autoRemove);
  checkHealthCheck(config.healthCheck);
  if (config.image === '') throw new BerthError('INVALID_ARGUMENT', 'config.Image: an image is needed');
  if (config.stopSignal !== '') parseSignal(config.stopSignal);
  resolveWorkingDirectory(config.workingDirectory);
  checkEnvironment(config.environment);
  checkHostname(config.hostname);
  config.exposedPorts.forEach(checkPort);
  config.portBindings.forEach(checkPortBinding);
  checkDevices(config);
  resolveSysctls(config.sysctls, ownNamespaces(config));
  checkIsolation(config);
  checkUserNamespace(config);
}

/** What belongs to the host's user namespace cannot be shared from another one; the words are Docker's. */
function checkUserNamespace({ userNamespaceMode, networkMode, isolation }: ContainerConfig): void {
  if (userNamespaceMode !== 'auto') return;
  const { privileged, pidMode, ipcMode, utsMode } = isolation;
  if (privileged) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      'privileged mode is incompatible with user namespaces.  You must run the container in the host namespace when running privileged mode',
    );
  }
  for (const [what, mode] of Object.entries({ network: networkMode, PID: pidMode, IPC: ipcMode, UTS: utsMode })) {
    if (mode !== 'host' && joinedContainer(mode) === null) continue;
    const whose = mode === 'host' ? "the host's" : "another container's";
    const message = `cannot share ${whose} ${what} namespace when user namespaces are enabled`;
    throw new BerthError('INVALID_ARGUMENT', message);
  }
}

/** A clean absolute directory; empty is the root. Throws INVALID_ARGUMENT. */
export function resolveWorkingDirectory(directory: string): string {
  if (directory === '') return '/';
  if (!directory.startsWith('/') || directory.includes('\0')) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      `the working directory '${directory}' is invalid, it needs to be an absolute path`,
    );
  }
  return posix.normalize(directory).replace(/(?<=.)\/$/, '');
}

/** Throws INVALID_ARGUMENT when execve could not take the arguments. */
export function checkArguments(argumentVector: readonly string[]): void {
  const bytes = argumentVector.reduce((sum, argument) => sum + Buffer.byteLength(argument) + 1, 0);
  if (bytes > MAX_ARGUMENT_BYTES || argumentVector.some((argument) => argument.includes('\0'))) {
    throw new BerthError('INVALID_ARGUMENT', 'the command is too long, or holds a zero byte');
  }
}

function resolveHostname(config: ContainerConfig, { id, hostHostname, joinedHostname }: SpecificationInput): string {
  if (config.hostname !== '') return config.hostname;
  if (joinedHostname !== null) return joinedHostname;
  return config.networkMode === 'host' || config.isolation.utsMode === 'host' ? hostHostname : shortId(id);
}

/** The kernel takes any 64 bytes; but a space or `#` would say something else in the container's hosts file. */
function checkHostname(hostname: string): void {
  if (/^[^\s#\p{Cc}]*$/u.test(hostname) && Buffer.byteLength(hostname) <= MAX_HOSTNAME_BYTES) return;
  throw new BerthError('INVALID_ARGUMENT', `invalid hostname format: ${hostname}`);
}

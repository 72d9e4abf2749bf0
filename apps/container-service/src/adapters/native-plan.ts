import type {
  Cgroup,
  Mount,
  MountContainer,
  Process,
  Publication,
  StartContainer,
  StartExec,
} from '@berth/proto/native';
import type { Rootfs } from '../mount.ts';
import type {
  CgroupPlan,
  ContainerPlan,
  ExecPlan,
  InterfacePlan,
  MountPlan,
  ProcessPlan,
  PublicationPlan,
} from '../plan/plan.ts';

/** A container's plan as the native helper reads it. */
export function toNativeContainer(plan: ContainerPlan): StartContainer {
  const { rootfs, log } = plan;
  return {
    containerId: plan.containerId,
    stateDir: plan.stateDir,
    namespaceFlags: plan.namespaceFlags,
    joins: [...plan.joins],
    rootfs: toNativeRootfs(rootfs, plan.readonlyRoot),
    rootfsFollows: false,
    mounts: plan.mounts.map(toNativeMount),
    devices: [...plan.devices],
    symlinks: [...plan.symlinks],
    maskedPaths: [...plan.maskedPaths],
    readonlyPaths: [...plan.readonlyPaths],
    sysctls: [...plan.sysctls],
    processFiles: [...plan.processFiles],
    process: toNativeProcess(plan.process),
    hostname: plan.hostname,
    network: plan.network === null ? undefined : toNativeInterface(plan.network),
    furtherNetworks: plan.furtherNetworks.map(toNativeInterface),
    nameServer: plan.nameServer,
    publication: toNativePublication(plan.publication),
    cgroup: toNativeCgroup(plan.cgroup),
    log: log ?? undefined,
    openStdin: plan.openStdin,
    stdinOnce: plan.stdinOnce,
    loopback: plan.loopback,
    detached: plan.detached,
    userNamespace: plan.userNamespace ?? undefined,
  };
}

/** A container's root as the native helper reads it. */
export function toNativeRootfs(rootfs: Rootfs, readonly: boolean): NonNullable<StartContainer['rootfs']> {
  return { ...rootfs, lowerDirs: [...rootfs.lowerDirs], readonly };
}

/** The file system of a container that does not run, as the native helper reads it. */
export function toNativeMountContainer(rootfs: Rootfs, mounts: readonly MountPlan[]): MountContainer {
  return {
    rootfs: toNativeRootfs(rootfs, false),
    mounts: mounts.map(toNativeMount),
  };
}

/** An exec's plan as the native helper reads it. */
export function toNativeExec(plan: ExecPlan): StartExec {
  const { containerId, stateDir, containerStateDir, openStdin, detached } = plan;
  return {
    containerId,
    stateDir,
    containerStateDir,
    process: toNativeProcess(plan.process),
    cgroup: toNativeDirectory(plan.cgroupDir),
    openStdin,
    detached,
    userNamespace: plan.userNamespace ?? undefined,
  };
}

/** The control groups of a container as the native helper reads them. */
export function toNativeCgroup(plan: CgroupPlan): Cgroup {
  const { unifiedDir, values, legacy, deviceProgram, deviceRules, noted } = plan;
  return {
    unifiedDir,
    values: [...values],
    legacy: legacy.map((directory) => ({ dir: directory.dir, values: [...directory.values] })),
    deviceProgram,
    deviceRules: [...deviceRules],
    noted,
  };
}

/** The directory of a container in the cgroup2 tree; all others are those that the helper noted. */
export function toNativeDirectory(unifiedDir: string): Cgroup {
  return { unifiedDir, values: [], legacy: [], deviceProgram: false, deviceRules: [], noted: false };
}

function toNativeMount({ target, source, attributes }: MountPlan): Mount {
  if (source.kind === 'filesystem') {
    const value = { type: source.type, options: [...source.options] };
    return { target, source: { $case: 'filesystem', value }, attributes };
  }
  if (source.kind === 'shared') {
    return { target, source: { $case: 'shared', value: { join: source.join, path: source.path } }, attributes };
  }
  if (source.kind === 'image') {
    const rootfs = toNativeRootfs(source.rootfs, true);
    return { target, source: { $case: 'image', value: { rootfs, subpath: source.subpath } }, attributes };
  }
  if (source.kind === 'volume') {
    const { kind: _, peer, options, ...volume } = source;
    const at = { peerStateDir: peer?.stateDir ?? '', peerPath: peer?.path ?? '' };
    return { target, source: { $case: 'volume', value: { ...volume, options: [...options], ...at } }, attributes };
  }
  const { kind: _, path, ...bind } = source;
  return { target, source: { $case: 'bind', value: { source: path, ...bind } }, attributes };
}

function toNativeProcess(process: ProcessPlan): Process {
  const { identity, capabilities } = process;
  // As execve would have it: who is not root has none.
  const rootOnly = identity.userId === 0 ? capabilities : 0n;
  return {
    arguments: [...process.arguments],
    environment: [...process.environment],
    workingDirectory: process.workingDirectory,
    createWorkingDirectory: process.createWorkingDirectory,
    userId: identity.userId,
    groupId: identity.groupId,
    additionalGroupIds: [...identity.groupIds],
    // An inheritable set that is not empty would reach programs with file capabilities (CVE-2022-24769).
    capabilities: {
      bounding: capabilities,
      effective: rootOnly,
      permitted: rootOnly,
      inheritable: 0n,
      ambient: 0n,
    },
    noNewPrivileges: process.noNewPrivileges,
    seccompFilter: process.seccompFilter.program,
    seccompFlags: process.seccompFilter.flags,
    apparmorProfile: process.apparmorProfile,
    terminal: process.terminal,
    terminalSize: process.terminalSize ?? undefined,
    resourceLimits: [...process.resourceLimits],
    umask: 0o022,
  };
}

/** What is published, as the native helper reads it. */
export function toNativePublication(plan: PublicationPlan | null): Publication | undefined {
  return plan === null ? undefined : { ...plan, ports: [...plan.ports] };
}

/** An interface of a container as the native helper reads it. */
export function toNativeInterface(plan: InterfacePlan): NonNullable<StartContainer['network']> {
  return {
    ...plan,
    hardwareAddress: Buffer.from(plan.hardwareAddress.replaceAll(':', ''), 'hex'),
    linkLocalAddresses: [...plan.linkLocalAddresses],
    sysctls: [...plan.sysctls],
  };
}

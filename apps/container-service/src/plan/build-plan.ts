import type { TerminalSize } from '../container-config.ts';
import type { Container, ContainerSpec, Endpoint, Identity } from '../container.ts';
import { USER_IDS_PER_CONTAINER } from '../user-namespace/id-ranges.ts';
import { processEnvironment } from '../spec/environment.ts';
import { DEFAULT_CAPABILITIES } from './capabilities.ts';
import { legacyDirs, planCgroups, unifiedDir, type CgroupSettings } from './cgroups.ts';
import { blockNumbers, DEFAULT_SYMLINKS, planDevices, type HostDevices, type PlannedDevices } from './devices.ts';
import { MASKED_PATHS, READONLY_PATHS, thermalThrottlePath } from './hidden-paths.ts';
import { resolveSysctls } from '../spec/sysctls.ts';
import { planUlimits } from './ulimits.ts';
import { planMounts, type NameFilePaths } from './mounts.ts';
import type { CgroupPlan, ContainerPlan, ExecPlan, FileValue, InterfacePlan, ProcessPlan } from './plan.ts';
import { CLONE, namespaceFlags } from './namespaces.ts';
import { planUserNamespace } from './user-namespace.ts';

/** What of the engine and its host goes into every plan. */
export interface PlanSettings {
  /** An array of struct sock_filter. */
  readonly seccompFilter: Buffer;
  readonly bridge: string;
  readonly cgroups: CgroupSettings;
  readonly hostDevices: HostDevices;
  /** The processors whose thermal history sysfs tells. */
  readonly thermalCpus: readonly number[];
}

/** What of one start goes into a container's plan. */
export interface ContainerPlanInput {
  readonly identity: Identity;
  /** Null with no network, and with the host's. */
  readonly endpoint: Endpoint | null;
  readonly stateDir: string;
  readonly files: NameFilePaths & { readonly log: string };
  readonly terminalSize: TerminalSize | null;
  readonly detached: boolean;
}

/** What a process of an exec is. */
export interface ExecPlanInput {
  readonly stateDir: string;
  readonly containerStateDir: string;
  readonly arguments: readonly string[];
  /** Over the container's. */
  readonly environment: readonly string[];
  readonly workingDirectory: string;
  readonly identity: Identity;
  readonly terminal: boolean;
  readonly terminalSize: TerminalSize | null;
  readonly openStdin: boolean;
  readonly detached: boolean;
}

/** Turns containers into plans. */
export interface PlanBuilder {
  container(container: Container, input: ContainerPlanInput): ContainerPlan;
  exec(container: Container, input: ExecPlanInput): ExecPlan;
  /** The paths that are hidden from containers, and those that they cannot write. */
  protectedPaths(): Pick<ContainerPlan, 'maskedPaths' | 'readonlyPaths'>;
  /** The control groups that a container has, or is to have with other limits. */
  cgroup(container: Container): CgroupPlan;
  /** Where a container lies in the cgroup2 tree. */
  cgroupDir(container: ContainerSpec): string;
  /** Its directories in cgroup v1 hierarchies. */
  legacyCgroupDirs(container: ContainerSpec): string[];
  /** Where one lies of which nothing is known, unless the helper noted otherwise. */
  standardCgroupDir(containerId: string): string;
  /** The name of the host's end of a container's veth pair: at most 15 bytes, one in 2^44 like another. */
  hostInterface(containerId: string): string;
}

const LOG_ROTATION = { maxSizeBytes: 10n * 1024n * 1024n, maxFiles: 3 };
const OWN_NETWORK_SYSCTLS: readonly FileValue[] = [
  { path: 'net/ipv4/ip_unprivileged_port_start', value: '0' },
  { path: 'net/ipv4/ping_group_range', value: '0 2147483647' },
];
/** The kernel takes no group that a user namespace does not have. */
const MAPPED_NETWORK_SYSCTLS: readonly FileValue[] = [
  { path: 'net/ipv4/ip_unprivileged_port_start', value: '0' },
  { path: 'net/ipv4/ping_group_range', value: `0 ${USER_IDS_PER_CONTAINER - 1}` },
];

/** Makes a builder with all that does not change from one container to the next ready. */
export function createPlanBuilder(settings: PlanSettings): PlanBuilder {
  const maskedPaths = [...MASKED_PATHS, ...settings.thermalCpus.map(thermalThrottlePath)];
  const standardCgroupDir = (containerId: string): string => unifiedDir(containerId, '', settings.cgroups, true);
  const cgroupDir = ({ id, config }: ContainerSpec): string => {
    const defaultDevices = config.devices.length === 0 && config.deviceCgroupRules.length === 0;
    return unifiedDir(id, config.resources.cgroupParent, settings.cgroups, defaultDevices);
  };
  const devicesOf = ({ config }: Container): PlannedDevices =>
    planDevices({ mappings: config.devices, rules: config.deviceCgroupRules, all: false }, settings.hostDevices);
  const cgroupOf = ({ id, config }: Container, access: PlannedDevices['access']): CgroupPlan =>
    planCgroups(id, config.resources, settings.cgroups, access, (path) => blockNumbers(path, settings.hostDevices));
  const hostInterface = (containerId: string): string => `bv${containerId.slice(0, 11)}`;

  function planProcess(container: Container, process: Omit<ProcessPlan, ConstantProcessFields>): ProcessPlan {
    return {
      ...process,
      environment: processEnvironment(process.environment, {
        hostname: container.hostname,
        terminal: process.terminal,
        home: process.identity.home,
      }),
      capabilities: DEFAULT_CAPABILITIES,
      noNewPrivileges: container.config.noNewPrivileges,
      seccompFilter: settings.seccompFilter,
      resourceLimits: planUlimits(container.config.resources.ulimits),
    };
  }

  function planInterface(containerId: string, endpoint: Endpoint | null): InterfacePlan | null {
    if (endpoint === null) return null;
    return { ...endpoint, hostName: hostInterface(containerId), bridge: settings.bridge };
  }

  return {
    protectedPaths: () => ({ maskedPaths, readonlyPaths: READONLY_PATHS }),
    cgroup: (container) => cgroupOf(container, devicesOf(container).access),
    cgroupDir,
    legacyCgroupDirs: ({ id, config }) => legacyDirs(id, config.resources, settings.cgroups),
    standardCgroupDir,
    hostInterface,
    container(container, { identity, endpoint, stateDir, files, terminalSize, detached }) {
      const { id, config, rootfs, hostname } = container;
      const ownNetwork = config.networkMode !== 'host';
      const { nodes, access } = devicesOf(container);
      const userNamespace = planUserNamespace(container);
      const networkSysctls = userNamespace === null ? OWN_NETWORK_SYSCTLS : MAPPED_NETWORK_SYSCTLS;
      return {
        containerId: id,
        stateDir,
        namespaceFlags: namespaceFlags(config.networkMode) | (userNamespace === null ? 0n : CLONE.NEWUSER),
        rootfs,
        mounts: planMounts(files, container.mounts, config.resources.shmSizeBytes),
        devices: nodes,
        symlinks: DEFAULT_SYMLINKS,
        maskedPaths,
        readonlyPaths: READONLY_PATHS,
        sysctls: [
          ...(ownNetwork ? networkSysctls : []),
          ...resolveSysctls(config.sysctls, { network: ownNetwork, ipc: true, uts: true }),
        ],
        processFiles: [{ path: 'oom_score_adj', value: String(config.oomScoreAdj) }],
        process: planProcess(container, {
          arguments: container.arguments,
          environment: container.environment,
          workingDirectory: container.workingDirectory,
          createWorkingDirectory: true,
          identity,
          terminal: config.terminal,
          terminalSize,
        }),
        hostname,
        network: planInterface(id, endpoint),
        loopback: ownNetwork,
        cgroup: cgroupOf(container, access),
        log: { path: files.log, ...LOG_ROTATION },
        openStdin: config.openStdin,
        stdinOnce: config.stdinOnce,
        detached,
        userNamespace,
      };
    },
    exec(container, input) {
      const { stateDir, containerStateDir, identity, terminal, terminalSize, openStdin, detached } = input;
      return {
        containerId: container.id,
        stateDir,
        containerStateDir,
        process: planProcess(container, {
          arguments: input.arguments,
          environment: [...container.environment, ...input.environment],
          workingDirectory: input.workingDirectory,
          createWorkingDirectory: false,
          identity,
          terminal,
          terminalSize,
        }),
        cgroupDir: cgroupDir(container),
        openStdin,
        detached,
        userNamespace: planUserNamespace(container),
      };
    },
  };
}

type ConstantProcessFields = 'capabilities' | 'noNewPrivileges' | 'seccompFilter' | 'resourceLimits';

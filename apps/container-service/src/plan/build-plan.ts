import { createHash } from 'node:crypto';
import type { TerminalSize } from '../container-config.ts';
import type { Container, ContainerSpec, Identity, PublishedPort } from '../container.ts';
import { USER_IDS_PER_CONTAINER } from '../user-namespace/id-ranges.ts';
import { wantedBindings } from '../network/port-pool.ts';
import { processEnvironment } from '../spec/environment.ts';
import { apparmorProfileOf, type AppArmor } from './apparmor.ts';
import { ALL_CAPABILITIES, capabilitiesOf } from './capabilities.ts';
import { legacyDirs, planCgroups, unifiedDir, type CgroupSettings } from './cgroups.ts';
import { seccompProfileOf, type IsolationConfig } from '../isolation.ts';
import type { SeccompFilter, SeccompFilters } from '../seccomp/filters.ts';
import { blockNumbers, DEFAULT_SYMLINKS, planDevices, type HostDevices, type PlannedDevices } from './devices.ts';
import { MASKED_PATHS, READONLY_PATHS, thermalThrottlePath } from './hidden-paths.ts';
import { logRotation } from '../spec/log-config.ts';
import { resolveSysctls } from '../spec/sysctls.ts';
import { planUlimits } from './ulimits.ts';
import { planMounts, type NameFilePaths, type VolumePeers } from './mounts.ts';
import { CLONE, namespaceFlags, ownNamespaces } from './namespaces.ts';
import type {
  Addresses,
  CgroupPlan,
  ContainerPlan,
  ExecPlan,
  FileValue,
  InterfacePlan,
  NamespaceJoin,
  ProcessPlan,
  PublicationPlan,
} from './plan.ts';
import { planPorts } from './ports.ts';
import { planUserNamespace } from './user-namespace.ts';

/** What of the engine and its host goes into every plan. */
export interface PlanSettings {
  readonly seccomp: SeccompFilters;
  readonly apparmor: AppArmor;
  /** Absolute path of the init of `--init` on the host. */
  readonly initProgram: string;
  /** The engine's nftables table. */
  readonly table: string;
  readonly cgroups: CgroupSettings;
  readonly hostDevices: HostDevices;
  /** The processors whose thermal history sysfs tells. */
  readonly thermalCpus: readonly number[];
}

/** What of one start goes into a container's plan. */
export interface ContainerPlanInput {
  readonly identity: Identity;
  /** The containers whose namespaces are joined. */
  readonly joins: readonly NamespaceJoin[];
  readonly peers: VolumePeers;
  /** The first has the default route. Empty with no network, and with another's. */
  readonly interfaces: readonly InterfacePlan[];
  /** As in ContainerPlan. */
  readonly nameServer: string;
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
  /** All capabilities, and the filter of those. */
  readonly privileged: boolean;
  readonly terminal: boolean;
  readonly terminalSize: TerminalSize | null;
  readonly openStdin: boolean;
  readonly detached: boolean;
}

/** Turns containers into plans. */
export interface PlanBuilder {
  container(container: Container, input: ContainerPlanInput): ContainerPlan;
  exec(container: Container, input: ExecPlanInput): ExecPlan;
  /** The AppArmor profile of a container that starts now; empty for none. */
  apparmorProfile(container: ContainerSpec): string;
  /** Throws INVALID_ARGUMENT when the seccomp profile is none. */
  checkFilter(isolation: IsolationConfig): void;
  /** The paths that are hidden from containers, and those that they cannot write. */
  protectedPaths(config: Container['config']): Pick<ContainerPlan, 'maskedPaths' | 'readonlyPaths'>;
  /** The control groups that a container has, or is to have with other limits. */
  cgroup(container: Container): CgroupPlan;
  /** Where a container lies in the cgroup2 tree. */
  cgroupDir(container: ContainerSpec): string;
  /** Its directories in cgroup v1 hierarchies. */
  legacyCgroupDirs(container: ContainerSpec): string[];
  /** Where one lies of which nothing is known, unless the helper noted otherwise. */
  standardCgroupDir(containerId: string): string;
  /** The name of the host's end of a container's veth pair: at most 15 bytes, one in 2^44 like another. */
  hostInterface(containerId: string, interfaceName: string): string;
  /** What is published of the container at its addresses, which is reached by a bridge; null when nothing is. */
  publication(ports: readonly PublishedPort[], addresses: Addresses, bridge: string): PublicationPlan | null;
}

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
    const { devices, deviceCgroupRules, isolation } = config;
    const defaultDevices = devices.length === 0 && deviceCgroupRules.length === 0 && !isolation.privileged;
    return unifiedDir(id, config.resources.cgroupParent, settings.cgroups, defaultDevices);
  };
  const devicesOf = ({ config }: Container): PlannedDevices =>
    planDevices(
      { mappings: config.devices, rules: config.deviceCgroupRules, all: config.isolation.privileged },
      settings.hostDevices,
    );
  const cgroupOf = ({ id, config }: Container, access: PlannedDevices['access']): CgroupPlan =>
    planCgroups(id, config.resources, settings.cgroups, access, (path) => blockNumbers(path, settings.hostDevices));

  function protectedPaths({ isolation }: Container['config']): Pick<ContainerPlan, 'maskedPaths' | 'readonlyPaths'> {
    if (isolation.privileged || isolation.systemPathsUnconfined) return { maskedPaths: [], readonlyPaths: [] };
    return { maskedPaths, readonlyPaths: READONLY_PATHS };
  }

  function filterOf(isolation: IsolationConfig, capabilities = capabilitiesOf(isolation)): SeccompFilter {
    return settings.seccomp.get(seccompProfileOf(isolation), capabilities);
  }

  function planProcess(container: Container, process: ProcessInput): ProcessPlan {
    const { isolation, noNewPrivileges } = container.config;
    const { privileged, ...rest } = process;
    const capabilities = privileged ? ALL_CAPABILITIES : capabilitiesOf(isolation);
    return {
      ...rest,
      environment: processEnvironment(process.environment, {
        hostname: container.hostname,
        terminal: process.terminal,
        home: process.identity.home,
      }),
      capabilities,
      noNewPrivileges,
      seccompFilter: filterOf(isolation, capabilities),
      apparmorProfile: container.state.apparmorProfile,
      resourceLimits: planUlimits(container.config.resources.ulimits),
    };
  }

  function publication(ports: readonly PublishedPort[], addresses: Addresses, bridge: string): PublicationPlan | null {
    if (ports.length === 0) return null;
    return { table: settings.table, bridge, ports: planPorts(ports, addresses) };
  }

  /** Without ports: the container wants some, and may come on a network where it can have them. */
  function startPublication(container: Container, network: InterfacePlan): PublicationPlan | null {
    if (wantedBindings(container).length === 0) return null;
    const { table } = settings;
    const { bridge } = network;
    return publication(container.state.publishedPorts, network, bridge) ?? { table, bridge, ports: [] };
  }

  return {
    protectedPaths,
    apparmorProfile: ({ config }) => apparmorProfileOf(config.isolation, settings.apparmor),
    checkFilter: (isolation) => void filterOf(isolation),
    cgroup: (container) => cgroupOf(container, devicesOf(container).access),
    cgroupDir,
    legacyCgroupDirs: ({ id, config }) => legacyDirs(id, config.resources, settings.cgroups),
    standardCgroupDir,
    hostInterface,
    publication,
    container(container, { identity, joins, peers, interfaces, nameServer, stateDir, files, terminalSize, detached }) {
      const [network = null, ...furtherNetworks] = interfaces;
      const rotation = logRotation(container.config.logConfig);
      const { id, config, rootfs, hostname } = container;
      const { isolation } = config;
      const ipcJoin = joins.findIndex(({ flags }) => (flags & CLONE.NEWIPC) !== 0n);
      const { nodes, access } = devicesOf(container);
      const userNamespace = planUserNamespace(container);
      const networkSysctls = userNamespace === null ? OWN_NETWORK_SYSCTLS : MAPPED_NETWORK_SYSCTLS;
      return {
        containerId: id,
        stateDir,
        joins,
        readonlyRoot: isolation.readonlyRoot,
        namespaceFlags: namespaceFlags(config) | (userNamespace === null ? 0n : CLONE.NEWUSER),
        rootfs,
        mounts: planMounts({
          paths: files,
          isolation,
          mounts: container.mounts,
          peers,
          ipcJoin,
          shmSizeBytes: config.resources.shmSizeBytes,
          init: { path: INIT_PATH, program: settings.initProgram },
        }),
        devices: nodes,
        symlinks: DEFAULT_SYMLINKS,
        ...protectedPaths(config),
        sysctls: planSysctls(config, networkSysctls),
        processFiles: [{ path: 'oom_score_adj', value: String(config.oomScoreAdj) }],
        process: planProcess(container, {
          arguments: isolation.init ? [INIT_PATH, '--', ...container.arguments] : container.arguments,
          environment: container.environment,
          privileged: false,
          workingDirectory: container.workingDirectory,
          createWorkingDirectory: true,
          identity,
          terminal: config.terminal,
          terminalSize,
        }),
        hostname: isolation.utsMode === 'host' ? '' : hostname,
        network,
        furtherNetworks,
        nameServer,
        publication: network === null ? null : startPublication(container, network),
        loopback: ownNamespaces(config).network,
        cgroup: cgroupOf(container, access),
        log: rotation === null ? null : { path: files.log, ...rotation },
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
          privileged: input.privileged,
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

/** Only few containers have more than one. */
function hostInterface(containerId: string, interfaceName: string): string {
  if (interfaceName === 'eth0') return `bv${containerId.slice(0, 11)}`;
  return `bv${createHash('sha256').update(containerId).update(interfaceName).digest('hex').slice(0, 11)}`;
}

/** Where Docker has the init of `--init`. */
const INIT_PATH = '/sbin/docker-init';

function planSysctls(config: Container['config'], networkDefaults: readonly FileValue[]): FileValue[] {
  const { domainName } = config.names;
  const own = ownNamespaces(config);
  return [
    ...(own.network ? networkDefaults : []),
    ...resolveSysctls(config.sysctls, own),
    ...(domainName === '' ? [] : [{ path: 'kernel/domainname', value: domainName }]),
  ];
}

/** A process, but for what its container says. */
interface ProcessInput extends Omit<ProcessPlan, ConstantProcessFields> {
  readonly privileged: boolean;
}

type ConstantProcessFields =
  'apparmorProfile' | 'capabilities' | 'noNewPrivileges' | 'seccompFilter' | 'resourceLimits';

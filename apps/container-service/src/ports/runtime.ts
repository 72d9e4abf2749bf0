import type { Routes } from '../container.ts';
import type { Rootfs } from '../mount.ts';
import type {
  CgroupPlan,
  ContainerPlan,
  ExecPlan,
  InterfacePlan,
  MountPlan,
  PortPlan,
  PublicationPlan,
} from '../plan/plan.ts';
import type { HostFacts, ProcessInfo } from '../processes/process-info.ts';
import type { ContainerProcess, ProcessConnection, ProcessState, StartedProcess } from './process.ts';

/** The parent of interfaces without a host's end. */
export interface ParentPlan {
  readonly name: string;
  /** What is made when there is none; empty: nothing. */
  readonly kind: '' | 'dummy' | 'vlan';
  /** Of a vlan. */
  readonly link: string;
  readonly vlanId: number;
  /** The engine's nftables table, as which what is made is marked. */
  readonly table: string;
  /** The kind of the interfaces that are to be on it. */
  readonly childKind: string;
}

/** A bridge of a network besides the engine's own. */
export interface BridgePlan {
  readonly bridge: string;
  /** The engine's nftables table. */
  readonly table: string;
  /** The host's IPv4 address; empty for none. */
  readonly address: string;
  readonly prefixLength: number;
  /** The host's IPv6 address; empty for none. */
  readonly address6: string;
  readonly prefixLength6: number;
  /** Makes the host forward IPv6. */
  readonly forward6: boolean;
  readonly masquerade: boolean;
  readonly internal: boolean;
  /** 0: the kernel's default. */
  readonly mtu: number;
}

/** The network of an engine. */
export interface NetworkPlan {
  readonly bridge: string;
  /** The bridge's own. */
  readonly address: string;
  readonly prefixLength: number;
  readonly table: string;
  readonly publishedPorts: readonly PortPlan[];
}

/** What changes in a running container besides an interface. */
export interface ConnectionChange extends Routes {
  /** As in ContainerPlan, from then on. */
  readonly nameServer: string;
}

/** A container that has all but its root. It ends with this service. One of these is called, once. */
export interface BegunContainer {
  /** Gives it its root, and runs it. Resolves and throws as startContainer. */
  finish(rootfs: Rootfs): Promise<StartedProcess>;
  /** Gives it up. Resolves when nothing of it is left, unless the helper died meanwhile. */
  abandon(): Promise<void>;
}

/** The kernel's side of the engine. `stateDir` is a process's run-time directory. */
export interface Runtime {
  /**
   * Starts a container; the connection gets all its output from the first byte. Throws COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE,
   * DISK_FULL, START_FAILED, PORT_IN_USE (its message is the port: `0.0.0.0:80/tcp`) or NETWORK_MISSING, and leaves nothing behind then;
   * SERVICE_UNAVAILABLE.
   */
  startContainer(plan: ContainerPlan): Promise<StartedProcess>;
  /** Begins to start a container whose root is not known yet: that of the plan is ignored. Resolves when the plan is on its way. */
  beginContainer(plan: ContainerPlan): Promise<BegunContainer>;
  /** Starts a further process. Throws as startContainer, and CONTAINER_NOT_RUNNING. */
  startExec(plan: ExecPlan): Promise<StartedProcess>;
  /** Connects to the keeper of a process, for its output from now on or for its exit alone. Rejects when there is none. */
  attach(stateDir: string, options: { output: boolean }): Promise<ProcessConnection>;
  /** Takes the place of the keeper of an orphaned process as far as it can: signals, and a connection that ends with the process. */
  adopt(stateDir: string): ProcessConnection;
  /** What the disk says. */
  inspect(stateDir: string): ProcessState;
  /** Waits until a keeper that recorded an exit has taken the container's kernel objects away; false when it does not. */
  isReleased(container: { stateDir: string; hostInterface: string }): Promise<boolean>;
  /** Sends SIGKILL to an exec and to all that it started in its session's process group. Does nothing when it has ended. */
  killGroup(stateDir: string): void;
  /** Freezes or thaws all processes of a control group; resolves when it is so. Throws CONTAINER_NOT_RUNNING when it is gone. */
  setFrozen(cgroupDir: string, frozen: boolean): Promise<void>;
  /** Tells whether a control group is frozen; false when it is gone. */
  isFrozen(cgroupDir: string): boolean;
  /** Changes the limits of a container that runs. Throws LIMIT_REFUSED, also when it does not run. */
  updateLimits(stateDir: string, cgroup: CgroupPlan): Promise<void>;
  /** Kills what is left of a container and takes its interface, its cgroup and what it publishes away. Idempotent. */
  cleanUp(container: {
    stateDir: string;
    hostInterface: string;
    cgroupDir: string;
    publication: PublicationPlan | null;
  }): Promise<void>;
  /** Makes the engine's bridge and firewall table when they are missing, with these ports published and no others. Idempotent. */
  ensureNetwork(network: NetworkPlan): Promise<void>;
  /** The state of an engine's tables, another one after each change by somebody else, and whether there are those of both families. */
  inspectNetwork(table: string): Promise<{ readonly state: string; readonly isWhole: boolean }>;
  /** Gives a container that runs another interface, and another gateway unless it is empty. Throws CONTAINER_NOT_RUNNING, START_FAILED. */
  connect(stateDir: string, connection: { interface: InterfacePlan } & ConnectionChange): Promise<void>;
  /** Takes an interface away, whether the container runs or not: that of `interfaceName` when it has no host's end. Idempotent. */
  disconnect(
    stateDir: string,
    connection: { hostInterface: string; interfaceName: string } & ConnectionChange,
  ): Promise<void>;
  /**
   * Publishes other ports of a container that runs in place of those that are; null: none. Throws CONTAINER_NOT_RUNNING, PORT_IN_USE as startContainer,
   * START_FAILED; nothing is published then.
   */
  publish(stateDir: string, publication: PublicationPlan | null, hostInterface: string): Promise<void>;
  /** The names of the interfaces that a process sees; none when it is gone. */
  interfacesOf(pid: number): string[];
  /** Makes a bridge what it is to be; the table is there. Idempotent. Throws START_FAILED for an interface that is not Berth's. */
  ensureBridge(bridge: BridgePlan): Promise<void>;
  /**
   * Makes the parent of a network's interfaces, unless there is an interface of that name. Throws NETWORK_MISSING for one that nothing is made for,
   * KERNEL_TOO_OLD, START_FAILED.
   */
  ensureParent(parent: ParentPlan): Promise<void>;
  /** Removes a bridge, or a parent; an interface that is not Berth's stays. Idempotent. */
  removeBridge(bridge: { bridge: string; table: string }): Promise<void>;
  /** The first process of a container that runs; null when there is none. */
  processOf(stateDir: string): ContainerProcess | null;
  /** Mounts a container's file system where a process has it as its root, until it is disposed of. Throws DISK_FULL, START_FAILED. */
  mount(container: { rootfs: Rootfs; mounts: readonly MountPlan[] }): Promise<Disposable & { readonly pid: number }>;
  /** The helper's version. Throws SERVICE_UNAVAILABLE. */
  version(): Promise<string>;
  /** The id of this boot of the host. */
  readonly bootId: string;
}

/** What of a container is measured. */
export interface UsageTarget {
  /** The pid of its first process. */
  readonly pid: number;
  /** Its directory in the cgroup2 tree. */
  readonly cgroupDir: string;
  /** Its directories in cgroup v1 hierarchies. */
  readonly legacyDirs: readonly string[];
  /** False: its traffic is the host's, and is not counted. */
  readonly ownNetwork: boolean;
}

/** What a container uses. Bytes and counts since it was started, but memory and pids, which are those of now. */
export interface Usage {
  readonly cpuNanos: number;
  readonly memoryBytes: number;
  readonly networkReceiveBytes: number;
  readonly networkTransmitBytes: number;
  readonly blockReadBytes: number;
  readonly blockWriteBytes: number;
  /** Processes and threads. */
  readonly pids: number;
}

/** Measures what containers use. */
export interface UsageReader {
  /** Null when it has just ended. */
  read(target: UsageTarget): Usage | null;
}

/** The processes of the host. */
export interface Processes {
  /** Those of a control group and below it, by id. Empty when it is gone. */
  list(cgroupDir: string): Promise<ProcessInfo[]>;
  host(): HostFacts;
}

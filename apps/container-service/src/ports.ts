import type { ContainerConfig, TerminalSize } from './container-config.ts';
import type { Container, ContainerSpec, Gateways } from './container.ts';
import type { NameFilePaths } from './plan/mounts.ts';
import type { NameFiles } from './network/name-files.ts';
import type { Network } from './network/network.ts';
import type {
  CgroupPlan,
  ContainerPlan,
  ExecPlan,
  InterfacePlan,
  MountPlan,
  PortPlan,
  PublicationPlan,
} from './plan/plan.ts';
import type { HostFacts, ProcessInfo } from './processes/process-info.ts';
import type { ImageDefaults } from './spec/specify-container.ts';
import type { Rootfs, VolumeMount, VolumeSettings } from './mount.ts';

/** What happened, as Docker names it; stored with the change itself, told later. */
export interface ContainerEvent {
  readonly noun: 'container' | 'network' | 'volume';
  /** create, start, die, destroy, kill, stop, attach, exec_create …; connect, disconnect; mount, unmount. */
  readonly verb: string;
  readonly objectId: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** What a removed container has left and must still be cleaned up. */
export interface Leftover {
  readonly containerId: string;
  /** What `heldAddressesOf` tells of its places: nobody gets them before its interfaces are gone. */
  readonly addresses: readonly string[];
  /** The first of the ids of its user namespace, which nobody gets before its processes are gone; null when it has none. */
  readonly firstUserId: number | null;
  /** What to do with its use of volumes. */
  readonly volumes: 'none' | 'release' | 'delete-anonymous';
}

/**
 * Containers, and what is left of removed ones. Every method is one transaction. What is promised to a user survives a power cut: a new
 * container, an exit code. What a reboot makes moot survives a crash of the service only: a start, the release of an address, all of a container
 * with auto_remove.
 */
export interface ContainerStore {
  /** Adds a container. Throws CONTAINER_NAME_IN_USE. */
  insert(container: Container, events: readonly ContainerEvent[]): void;
  /** Puts `after` in the place of `before`. Throws ABORTED when the status is no longer that of `before`. */
  replace(before: Container, after: Container, events: readonly ContainerEvent[]): void;
  /** Gives a container another name or config; its state is left as it is. Throws CONTAINER_NAME_IN_USE. */
  redefine(spec: ContainerSpec, events: readonly ContainerEvent[]): void;
  /**
   * Removes a container and notes what it has left. Execs that are still known have been killed with it: they are forgotten, and their ends
   * (`exec_die`, 137) are recorded before the events. Throws ABORTED when the status is no longer that of `container`.
   */
  remove(container: Container, leftover: Leftover, events: readonly ContainerEvent[]): void;
  /** Records events that change no container. */
  tell(events: readonly ContainerEvent[]): void;
  /** Null when there is none of that id. */
  get(id: string): Container | null;
  /** The id of the container of that name, or null. */
  idOfName(name: string): string | null;
  /** Ids that start with a prefix, at most two. */
  idsWithPrefix(prefix: string): string[];
  /** All containers, newest first. */
  list(): Container[];
  listLeftovers(): Leftover[];
  /** Forgets a leftover that is cleaned up. Idempotent. */
  removeLeftover(containerId: string): void;
  /**
   * Resolves when all that was changed before is on the disk. Answers and events wait for that anyway; wait for it before something goes
   * that a removed row stood for.
   */
  settled(): Promise<void>;
}

/** A further process in a container. */
export interface Exec {
  /** 16 hexadecimal digits; the name of its run-time directory. */
  readonly id: string;
  readonly containerId: string;
}

/** The processes that run beside the first ones of containers. Every method is one transaction. */
export interface ExecStore {
  insert(exec: Exec, events: readonly ContainerEvent[]): void;
  /** Forgets an exec that has ended and records its events, or does nothing when it was forgotten before. */
  remove(id: string, events: readonly ContainerEvent[]): void;
  list(): Exec[];
}

/** The networks that users made. Every method is one transaction. What is promised to a user survives a power cut. */
export interface NetworkStore {
  /** All networks, oldest first. */
  list(): Network[];
  /** Adds a network and forgets the note of its bridge, which it stands for now. Throws NETWORK_EXISTS for a name that is taken. */
  insert(network: Network, bridge: string | null, events: readonly ContainerEvent[]): void;
  /** Removes a network and notes its bridge, which is still there, unless it has none. */
  remove(id: string, bridge: string | null, events: readonly ContainerEvent[]): void;
  /** Records events that change no network. */
  tell(events: readonly ContainerEvent[]): void;
  /** Notes a bridge that is about to be made, or still to be removed. Idempotent. */
  noteBridge(bridge: string): void;
  listBridges(): string[];
  /** Forgets a note. Idempotent. */
  forgetBridge(bridge: string): void;
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

/** What an engine decided once and keeps. */
export interface SettingStore {
  /** The value of a key; `make` is called for a key without one, and its value is kept. */
  getOrSet(key: string, make: () => string): string;
}

/** How a process ended. */
export interface ProcessExit {
  /** 128 + signal when a signal ended it. */
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly timeNs: bigint;
  /** Why the exit code is not known; empty when it is. */
  readonly error: string;
}

/** A piece of output. */
export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Uint8Array;
}

/** A place in a container's log, between two records. */
export interface LogPosition {
  /** Bytes of the log before it, those in files that are gone too. */
  readonly totalBytes: number;
  /** Bytes of its file before it. */
  readonly offsetBytes: number;
  /** The first 30 bytes of its file, the time of its first record. */
  readonly file: string;
}

/** Output that a client was too slow for: it is in the container's log. */
export interface OutputGap {
  readonly stream: 'log';
  readonly from: LogPosition;
  /** Null: to the end of the log, whose writer is gone. */
  readonly to: LogPosition | null;
}

/** Output that a client was too slow for, and that the log has no more. */
export interface LostOutput {
  readonly stream: 'lost';
  /** Of the log, with the times in it. */
  readonly bytes: number;
}

/** A connection to the keeper of a process. Closing it leaves the process alone. */
export interface ProcessConnection {
  /** What came before `exited`, in order. Ends when the connection does. One consumer. */
  readonly output: AsyncIterable<OutputChunk | OutputGap>;
  /** Resolves after the last output was consumed; rejects when the connection ends before the process. */
  readonly exited: Promise<ProcessExit>;
  /** Writes to stdin; resolves when more can be taken. */
  write(data: Uint8Array): Promise<void>;
  endInput(): void;
  resize(size: TerminalSize): void;
  signal(number: number): void;
  /** Sends SIGKILL to every process of the container. */
  killAll(): void;
  close(): void;
}

/** A process that has just started. */
export interface StartedProcess {
  readonly connection: ProcessConnection;
  readonly pid: number;
  readonly startTimeNs: bigint;
  /** How long each step took. */
  readonly timings: readonly { readonly step: string; readonly nanos: bigint }[];
}

/**
 * What the disk says about a process. `running`: its keeper watches it. `orphaned`: it lives, and its keeper does not. `exited`: it ended,
 * and how is known. `starting`: its keeper is not done. `lost`: it ended, or never ran, and nobody knows how.
 */
export type ProcessState =
  | { readonly state: 'starting' | 'lost' }
  | { readonly state: 'running' | 'orphaned'; readonly pid: number; readonly startTimeNs: bigint }
  | { readonly state: 'exited'; readonly startTimeNs: bigint; readonly exit: ProcessExit };

/** The network of an engine. */
export interface NetworkPlan {
  readonly bridge: string;
  /** The bridge's own. */
  readonly address: string;
  readonly prefixLength: number;
  readonly table: string;
  readonly publishedPorts: readonly PortPlan[];
}

/** The kernel's side of the engine. `stateDir` is a process's run-time directory. */
export interface Runtime {
  /**
   * Starts a container; the connection gets all its output from the first byte. Throws COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE,
   * DISK_FULL, START_FAILED, PORT_IN_USE (its message is the port: `0.0.0.0:80/tcp`) or NETWORK_MISSING, and leaves nothing behind then;
   * SERVICE_UNAVAILABLE.
   */
  startContainer(plan: ContainerPlan): Promise<StartedProcess>;
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
  /** Freezes or thaws all processes of a control group; resolves when it is so. Rejects when it is gone. */
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
  connect(stateDir: string, connection: { interface: InterfacePlan } & Gateways): Promise<void>;
  /** Takes an interface away, whether the container runs or not: that of `interfaceName` when it has no host's end. Idempotent. */
  disconnect(stateDir: string, connection: { hostInterface: string; interfaceName: string } & Gateways): Promise<void>;
  /** The names of the interfaces that a process sees; none when it is gone. */
  interfacesOf(pid: number): string[];
  /** Makes a bridge what it is to be; the table is there. Idempotent. Throws START_FAILED for an interface that is not Berth's. */
  ensureBridge(bridge: BridgePlan): Promise<void>;
  /** Removes a bridge. Idempotent. Throws START_FAILED for an interface that is not Berth's. */
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

/** A container's file system, ready to be mounted, and what its image says. */
export interface PreparedSnapshot {
  readonly rootfs: Rootfs;
  /** /etc/passwd and /etc/group in it; empty when there is none. */
  readonly passwd: Uint8Array;
  readonly group: Uint8Array;
  readonly imageId: string;
  readonly image: ImageDefaults;
}

/** A path that differs from the image. */
export interface PathChange {
  /** Absolute. */
  readonly path: string;
  readonly kind: 'changed' | 'added' | 'deleted';
}

/** An image that is made of a container. */
export interface SnapshotCommit {
  readonly containerId: string;
  /** What starting it has made, relative to the root. */
  readonly mountPoints: readonly string[];
  /** Empty for none. */
  readonly reference: string;
  /** An OCI image config's `config` object. */
  readonly config: object;
  readonly author: string;
  readonly message: string;
  readonly createdBy: string;
  /** Makes one layer of all. */
  readonly squash: boolean;
}

/** Where containers get their file systems from. */
export interface ImageClient {
  /** Prepares a container's file system, or returns the one it has. Throws IMAGE_NOT_FOUND, IMAGE_AMBIGUOUS, SERVICE_UNAVAILABLE. */
  prepareSnapshot(containerId: string, image: string): Promise<PreparedSnapshot>;
  /** Removes a container's file system, and those of the images that it mounts. Idempotent. */
  deleteSnapshot(containerId: string): Promise<void>;
  /** The ids of all containers that have one, and what it has for the images that it mounts. */
  listSnapshots(): Promise<string[]>;
  /** What a container changes of its image, by path; not the empty `mountPoints` that the image lacks. Throws SNAPSHOT_NOT_FOUND. */
  diffSnapshot(containerId: string, mountPoints: readonly string[], signal: AbortSignal): Promise<PathChange[]>;
  /** The bytes that each container has written over its image. */
  measureSnapshots(containerIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /**
   * Makes an image of a container's file system and returns its id. Throws SNAPSHOT_NOT_FOUND, REFERENCE_INVALID, IMAGE_CONFIG_INVALID,
   * LAYER_INVALID, LAYER_LIMIT, DISK_FULL, SERVICE_UNAVAILABLE; then nothing of it stays.
   */
  commitSnapshot(commit: SnapshotCommit, signal: AbortSignal): Promise<string>;
  /** An image by name or id, with the bytes of its layers; null when there is none, or more than one. */
  findImage(name: string): Promise<{ readonly id: string; readonly sizeBytes: number } | null>;
}

/** The processes of the host. */
export interface Processes {
  /** Those of a control group and below it, by id. Empty when it is gone. */
  list(cgroupDir: string): Promise<ProcessInfo[]>;
  host(): HostFacts;
}

/** A volume, as far as a container needs it. */
export interface AcquiredVolume {
  readonly name: string;
  /** Absolute path of its data on the host. */
  readonly mountpoint: string;
  readonly driver: string;
  /** What is mounted in its place; null: its data. */
  readonly mount: VolumeMount | null;
}

/** Where containers get their volumes from. */
export interface VolumeClient {
  /**
   * Records a container's use of a volume, which is made with these settings when it is missing; an empty name makes an anonymous one.
   * Throws VOLUME_NAME_INVALID, INVALID_ARGUMENT, DISK_FULL, SERVICE_UNAVAILABLE.
   */
  acquire(name: string, containerId: string, settings: VolumeSettings): Promise<AcquiredVolume>;
  /** Ends every use by a container. Idempotent. */
  release(containerId: string, options: { deleteAnonymous: boolean }): Promise<void>;
  /** The ids of all containers that use a volume. */
  listUsers(): Promise<string[]>;
}

/** The files that a container has on the host, those that stay and those of one run. */
export interface ContainerFiles {
  /** Where they are. */
  paths(containerId: string): ContainerPaths;
  /** Writes the name files and makes an empty run-time directory. */
  prepare(containerId: string, files: NameFiles): void;
  /** Empty where there is none. */
  readNames(containerId: string): Pick<NameFiles, 'hosts'>;
  /** Writes name files anew, in their places, so that a container that runs sees it. */
  rewriteNames(containerId: string, files: Pick<NameFiles, 'hosts' | 'resolvConf'>): void;
  /** Makes an empty run-time directory for an exec and returns its path. */
  prepareExec(containerId: string, execId: string): string;
  execDir(containerId: string, execId: string): string;
  /** Removes an exec's run-time directory. Idempotent. */
  removeExec(containerId: string, execId: string): Promise<void>;
  /** Tells whether there is a run-time directory: then the run is not cleaned up yet. */
  hasRuntime(containerId: string): boolean;
  /** Removes the run-time directory. Idempotent. */
  removeRuntime(containerId: string): Promise<void>;
  /** Removes all files, the log too. Idempotent. */
  remove(containerId: string): Promise<void>;
  /** The ids of all containers with a file or a run-time directory. */
  list(): string[];
}

/** Paths of the host that containers are to see. */
export interface HostPaths {
  exists(path: string): boolean;
  /** Makes a directory with its parents when nothing is there. Throws INVALID_ARGUMENT. */
  ensureDirectory(path: string): void;
  /** What the mount says that a path lies on. */
  sharing(path: string): MountSharing;
  /** The address of a host. Throws INVALID_ARGUMENT when it has none. */
  addressOf(hostName: string): Promise<string>;
}

/** How a mount of the host exchanges mounts with others. */
export interface MountSharing {
  readonly mountPoint: string;
  readonly shared: boolean;
  readonly slave: boolean;
}

/** Absolute paths of a container's files. */
export interface ContainerPaths extends NameFilePaths {
  readonly log: string;
  /** The run-time directory. */
  readonly stateDir: string;
}

/** Where decisions and troubles are told: fields first, a constant message second. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What a client asks for when it creates a container; an empty name gets a generated one. */
export interface CreateRequest {
  readonly name: string;
  readonly config: ContainerConfig;
}

/** A process that has a container's file system as its root. */
export interface ContainerProcess {
  readonly pid: number;
  /** Its start time, which tells it from another with the same pid; null: whoever asks keeps it alive. */
  readonly startTicks: bigint | null;
}

/** What lies at a path of a container. */
export interface PathStat {
  /** As the path that was asked for ends; `.` for the root, and for a path that ends so. */
  readonly name: string;
  readonly sizeBytes: number;
  /** st_mode. */
  readonly mode: number;
  /** Unix time in nanoseconds. */
  readonly modifyTimeNs: bigint;
  /** What a symbolic link points to; empty for others. */
  readonly linkTarget: string;
}

/** Reads and writes files in confined processes. Each throws PATH_NOT_FOUND, CANCELLED. */
export interface FileTool {
  stat(process: ContainerProcess, path: string, options: { follow: boolean; signal: AbortSignal }): Promise<PathStat>;
  /** What lies there, then its tar; `whole`: without what is mounted on the root. Returning early ends the work. */
  archive(
    process: ContainerProcess,
    path: string,
    options: { follow: boolean; whole: boolean; signal: AbortSignal },
  ): AsyncGenerator<PathStat | Uint8Array>;
  /** Unpacks a tar into a directory. Throws PATH_CONFLICT, PATH_READ_ONLY, LAYER_INVALID, LAYER_LIMIT, DISK_FULL too. */
  extract(
    process: ContainerProcess,
    path: string,
    options: {
      keepPlace: boolean;
      owner: { uid: number; gid: number } | null;
      data: AsyncIterable<Uint8Array>;
      signal: AbortSignal;
    },
  ): Promise<void>;
}

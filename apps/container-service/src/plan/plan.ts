import type { TerminalSize } from '../container-config.ts';
import type { Endpoint, Identity, Gateways } from '../container.ts';
import type { Rootfs } from '../mount.ts';
import type { SeccompFilter } from '../seccomp/filters.ts';

/** All that the native helper needs to start a container: it decides nothing itself. Paths are absolute. */
export interface ContainerPlan {
  readonly containerId: string;
  readonly stateDir: string;
  readonly namespaceFlags: bigint;
  readonly joins: readonly NamespaceJoin[];
  readonly readonlyRoot: boolean;
  readonly rootfs: Rootfs;
  /** In order, parents before children. */
  readonly mounts: readonly MountPlan[];
  readonly devices: readonly DevicePlan[];
  readonly symlinks: readonly SymlinkPlan[];
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
  /** Below /proc/sys: `net/ipv4/ping_group_range`. */
  readonly sysctls: readonly FileValue[];
  /** Below the process's own /proc directory. */
  readonly processFiles: readonly FileValue[];
  readonly process: ProcessPlan;
  /** Empty in the host's UTS namespace. */
  readonly hostname: string;
  /** Null with no network, and with the host's. */
  readonly network: InterfacePlan | null;
  readonly furtherNetworks: readonly InterfacePlan[];
  /** The IPv4 address of the name server that 127.0.0.11 stands for; empty: none. */
  readonly nameServer: string;
  /** Null when nothing is published, or ever will be. */
  readonly publication: PublicationPlan | null;
  /** Sets the loopback interface of a new network namespace up. */
  readonly loopback: boolean;
  readonly cgroup: CgroupPlan;
  /** Null: none is written. */
  readonly log: LogPlan | null;
  readonly openStdin: boolean;
  readonly stdinOnce: boolean;
  /** True: the connection that starts it gets no output. */
  readonly detached: boolean;
  /** Null: the host's user namespace. */
  readonly userNamespace: UserNamespacePlan | null;
}

/** A user namespace of a container's own. */
export interface UserNamespacePlan {
  /** The host's id that the container has as 0. */
  readonly firstId: number;
  readonly count: number;
  /** A directory below which all directories of the root file system lie. */
  readonly storageDir: string;
}

/** A further process in a running container. */
export interface ExecPlan {
  readonly containerId: string;
  readonly stateDir: string;
  readonly containerStateDir: string;
  readonly process: ProcessPlan;
  /** The container's directory in the cgroup2 tree; the helper has noted the others. */
  readonly cgroupDir: string;
  readonly openStdin: boolean;
  /** True: the connection that starts it gets no output. */
  readonly detached: boolean;
  /** The container's. */
  readonly userNamespace: UserNamespacePlan | null;
}

/** A process. */
export interface ProcessPlan {
  readonly arguments: readonly string[];
  readonly environment: readonly string[];
  readonly workingDirectory: string;
  /** Makes the working directory when it is missing. */
  readonly createWorkingDirectory: boolean;
  readonly identity: Identity;
  /** The bounding set as a mask; root has them effective and permitted too. The other sets stay empty. */
  readonly capabilities: bigint;
  readonly noNewPrivileges: boolean;
  readonly seccompFilter: SeccompFilter;
  /** Empty: none is asked for. */
  readonly apparmorProfile: string;
  readonly terminal: boolean;
  /** Null: the kernel's 0 by 0. */
  readonly terminalSize: TerminalSize | null;
  readonly resourceLimits: readonly ResourceLimitPlan[];
}

/** One mount. */
export interface MountPlan {
  readonly target: string;
  readonly source: FilesystemSource | BindSource | SharedSource | ImageSource | VolumeSource;
  /** MOUNT_ATTR_* flags. */
  readonly attributes: bigint;
}

/** A new file system. */
export interface FilesystemSource {
  readonly kind: 'filesystem';
  readonly type: string;
  /** `key=value`, or a flag `key`. */
  readonly options: readonly string[];
}

/** A file or directory of the host. */
export interface BindSource {
  readonly kind: 'bind';
  readonly path: string;
  readonly recursive: boolean;
  /** Fills an empty source with what the image has at the target. */
  readonly copyUp: boolean;
  /** The path in the source that is mounted in its place; empty: the source. */
  readonly subpath: string;
  /** MS_SHARED, MS_SLAVE or 0. */
  readonly propagation: bigint;
  /** True: the attributes do not reach the mounts below the source. */
  readonly attributesOnTop: boolean;
}

/** A file system that each container which has it mounts for itself. */
export interface VolumeSource {
  readonly kind: 'volume';
  readonly type: string;
  readonly device: string;
  /** `key=value`, or a flag `key`. */
  readonly options: readonly string[];
  readonly copyUp: boolean;
  readonly subpath: string;
  /** A container that has it mounted, when it is in memory alone; null: none has it. */
  readonly peer: VolumePeer | null;
}

/** Where a running container has a volume. */
export interface VolumePeer {
  /** Its run-time directory. */
  readonly stateDir: string;
  /** The path in the container. */
  readonly path: string;
}

/** The file system of an image. */
export interface ImageSource {
  readonly kind: 'image';
  readonly rootfs: Rootfs;
  /** The path in it that is mounted in its place; empty: all of it. */
  readonly subpath: string;
}

/** What a container whose namespaces are joined has mounted at a path. */
export interface SharedSource {
  readonly kind: 'shared';
  /** Its place in the plan's joins. */
  readonly join: number;
  readonly path: string;
}

/** Namespaces of a running container. */
export interface NamespaceJoin {
  /** Its run-time directory. */
  readonly stateDir: string;
  /** CLONE_NEW* flags. */
  readonly flags: bigint;
}

/** A device node. */
export interface DevicePlan {
  readonly path: string;
  readonly mode: number;
  readonly major: number;
  readonly minor: number;
  readonly userId: number;
  readonly groupId: number;
}

/** The control groups of a container. */
export interface CgroupPlan {
  /** The directory in the cgroup2 tree. */
  readonly unifiedDir: string;
  /** What goes into its files. */
  readonly values: readonly FileValue[];
  /** Directories of cgroup v1, those that carry a limit. */
  readonly legacy: readonly CgroupDirectoryPlan[];
  /** True: device rules of its own, the default ones and `deviceRules`. */
  readonly deviceProgram: boolean;
  readonly deviceRules: readonly DeviceRulePlan[];
  /** True: the helper notes the directories for those who clean up. */
  readonly noted: boolean;
}

/** A directory of cgroup v1. */
export interface CgroupDirectoryPlan {
  readonly dir: string;
  readonly values: readonly FileValue[];
}

/** Devices that may be used. */
export interface DeviceRulePlan {
  /** S_IFCHR or S_IFBLK; 0: both. */
  readonly type: number;
  /** -1: any; so is `minor`. */
  readonly major: number;
  readonly minor: number;
  /** BPF_DEVCG_ACC_*, added up. */
  readonly access: number;
}

/** A limit of a process. */
export interface ResourceLimitPlan {
  /** RLIMIT_*. */
  readonly resource: number;
  readonly soft: bigint;
  readonly hard: bigint;
}

/** A symbolic link. */
export interface SymlinkPlan {
  readonly path: string;
  readonly target: string;
}

/** What to write to a file. */
export interface FileValue {
  readonly path: string;
  readonly value: string;
}

/** The addresses of a container on a network; empty: none of that family. */
export interface Addresses {
  readonly address: string;
  /** IPv6. */
  readonly address6: string;
}

/** The container's end and the host's end of a veth pair. */
export interface InterfacePlan
  extends Pick<Endpoint, 'prefixLength' | 'hardwareAddress'>, Addresses, LinkPlan, Gateways {
  readonly prefixLength6: number;
  /** The host's end. */
  readonly hostName: string;
  /** In the container: `eth0`. */
  readonly name: string;
  /** Further addresses, of either family, that are of the link alone. */
  readonly linkLocalAddresses: readonly string[];
  /** Kernel parameters of the interface. */
  readonly sysctls: readonly FileValue[];
}

/** What an interface is connected to. */
export interface LinkPlan {
  /** Of an interface without a host's end: its parent. */
  readonly bridge: string;
  /** Empty: a veth pair. Others, `macvlan` and `ipvlan`, have no host's end. */
  readonly kind: string;
  /** MACVLAN_MODE_*, IPVLAN_MODE_*. */
  readonly mode: number;
  /** IPVLAN_F_*. */
  readonly flags: number;
  /** 0: the kernel's default. */
  readonly mtu: number;
  /** The bridge forwards nothing to others that are isolated. */
  readonly isolated: boolean;
}

/** Ports of a container that are reached at the host. */
export interface PublicationPlan {
  /** The engine's nftables table. */
  readonly table: string;
  readonly bridge: string;
  readonly ports: readonly PortPlan[];
}

/** A port of the host that stands for one of a container. */
export interface PortPlan {
  readonly hostAddress: string;
  readonly hostPort: number;
  /** IPPROTO_*. */
  readonly protocol: number;
  readonly address: string;
  readonly port: number;
}

/** When a log is rotated. */
export interface LogRotation {
  /** 0: never. */
  readonly maxSizeBytes: bigint;
  /** The current one included. */
  readonly maxFiles: number;
}

/** A log and when it is rotated. */
export interface LogPlan extends LogRotation {
  readonly path: string;
}

/** Namespace of another container: `container:` and its id. */
export type ContainerMode = `container:${string}`;

/** How far a container is kept apart from its host and from other containers. */
export interface IsolationConfig {
  /** Further groups of the process, names or ids. */
  readonly additionalGroups: readonly string[];
  /** Capabilities as `CAP_NET_ADMIN`, or `ALL`. */
  readonly capabilitiesAdd: readonly string[];
  /** Likewise; one that is also added stays. */
  readonly capabilitiesDrop: readonly string[];
  /** All capabilities and devices, nothing hidden or read-only, no seccomp filter but one of `seccompProfile`. */
  readonly privileged: boolean;
  /** Empty or `builtin`: the default; `unconfined`; or a profile in Docker's format. */
  readonly seccompProfile: string;
  /** Empty: the default; `unconfined`; or the name of a profile that the host has loaded. Nothing on a host without AppArmor. */
  readonly apparmorProfile: string;
  readonly readonlyRoot: boolean;
  /** Hides and protects nothing of /proc and /sys. */
  readonly systemPathsUnconfined: boolean;
  /** Whether /sys/fs/cgroup can be written; undefined: when it is privileged and its root is not read-only. */
  readonly writableCgroups?: boolean | undefined;
  /** As the user wrote them. */
  readonly securityOptions: readonly string[];
  readonly pidMode: '' | 'host' | ContainerMode;
  /** `shareable`: its own, which others can join. */
  readonly ipcMode: '' | 'private' | 'shareable' | 'none' | 'host' | ContainerMode;
  readonly utsMode: '' | 'host';
  readonly cgroupNamespaceMode: '' | 'private' | 'host';
  /** Puts a small init before the command. */
  readonly init: boolean;
}

/** What a container knows of names. */
export interface NamesConfig {
  /** The NIS domain name. */
  readonly domainName: string;
  /** `name:address`. */
  readonly extraHosts: readonly string[];
  /** None: the host's. */
  readonly dnsServers: readonly string[];
  /** `.` alone: none. */
  readonly dnsSearch: readonly string[];
  readonly dnsOptions: readonly string[];
}

/** Docker's defaults. */
export const DEFAULT_ISOLATION: IsolationConfig = {
  additionalGroups: [],
  capabilitiesAdd: [],
  capabilitiesDrop: [],
  privileged: false,
  seccompProfile: '',
  apparmorProfile: '',
  readonlyRoot: false,
  systemPathsUnconfined: false,
  securityOptions: [],
  pidMode: '',
  ipcMode: '',
  utsMode: '',
  cgroupNamespaceMode: '',
  init: false,
};

/** The host's names. */
export const DEFAULT_NAMES: NamesConfig = {
  domainName: '',
  extraHosts: [],
  dnsServers: [],
  dnsSearch: [],
  dnsOptions: [],
};

/** The seccomp profile that is meant: without one being asked for, privileged containers have none. */
export function seccompProfileOf({ privileged, seccompProfile }: IsolationConfig): string {
  return privileged && seccompProfile === '' ? 'unconfined' : seccompProfile;
}

/** The id (when asked for: the reference) of the container that a mode names; null when it names none. */
export function joinedContainer(mode: string): string | null {
  return mode.startsWith('container:') ? mode.slice('container:'.length) : null;
}

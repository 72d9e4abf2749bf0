import type { DeviceMapping, DeviceRequest, Resources } from './resources.ts';
import type { IsolationConfig, NamesConfig } from './isolation.ts';
import type { MountConfig } from './mount.ts';
import type { Healthcheck } from '@berth/oci';

/** What a user asks of a container. Empty means: as the image says. */
export interface ContainerConfig {
  /** The image, as the user wrote it. */
  readonly image: string;
  readonly command: readonly string[];
  /** Null: the image's. Empty: none. */
  readonly entrypoint: readonly string[] | null;
  readonly environment: readonly string[];
  readonly workingDirectory: string;
  readonly user: string;
  readonly hostname: string;
  readonly terminal: boolean;
  readonly openStdin: boolean;
  readonly stdinOnce: boolean;
  readonly autoRemove: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly networkMode: NetworkMode;
  /** The networks that it is on, in order, when it has a network namespace of its own; empty: that of networkMode. */
  readonly networks: readonly NetworkAttachment[];
  readonly mounts: readonly MountConfig[];
  /** Containers whose mounts it has too: `CONTAINER[:mode]`. */
  readonly volumesFrom: readonly string[];
  /** The driver of the volumes of `-v` and of the image that have to be made; empty: local. */
  readonly volumeDriver: string;
  readonly noNewPrivileges: boolean;
  /** A name or number; empty: the image's, or SIGTERM. */
  readonly stopSignal: string;
  /** Null: the image's, or 10. */
  readonly stopTimeoutSeconds: number | null;
  readonly userNamespaceMode: UserNamespaceMode;
  readonly restartPolicy: RestartPolicy;
  readonly logConfig: LogConfig;
  /** Null: the image's. A field that is 0 or empty: the image's. */
  readonly healthCheck: HealthCheck | null;
  /** Ports that it listens on, besides the image's: `80/tcp`. */
  readonly exposedPorts: readonly string[];
  readonly portBindings: readonly PortBinding[];
  /** Publishes all ports that it and its image expose and that have no binding, each on a free port. */
  readonly publishAllPorts: boolean;
  /** The streams that its creator attached to. Told, and without effect. */
  readonly attachedStreams: readonly StreamName[];
  /** The file that its creator wrote the id to. Told, and without effect. */
  readonly containerIdFile: string;
  readonly resources: Resources;
  /** By their names with dots. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** -1000 to 1000. */
  readonly oomScoreAdj: number;
  readonly devices: readonly DeviceMapping[];
  /** `c 1:3 rwm`. */
  readonly deviceCgroupRules: readonly string[];
  readonly deviceRequests: readonly DeviceRequest[];
  readonly isolation: IsolationConfig;
  readonly names: NamesConfig;
  /** Kept, told, and without effect. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** Where the output of a container goes: every driver but `none` stands for the engine's own log. */
export interface LogConfig {
  readonly driver: 'json-file' | 'local' | 'journald' | 'none';
  readonly options: Readonly<Record<string, string>>;
}

/** When a container is started again by itself. */
export interface RestartPolicy {
  readonly name: 'no' | 'on-failure' | 'always' | 'unless-stopped';
  /** For on-failure: how often at most; 0: no limit. */
  readonly maximumRetryCount: number;
}

/** A standard stream of a process. */
export type StreamName = 'stdin' | 'stdout' | 'stderr';

/** The user namespace of a container: the host's, or one of its own. */
export type UserNamespaceMode = 'host' | 'auto';
/** How the health of a container is checked. Times in nanoseconds; 0 for Docker's default. */
export interface HealthCheck extends Healthcheck {
  /** What happens to a container that becomes unhealthy. */
  readonly onFailure: 'none' | 'kill' | 'restart' | 'stop';
}

/**
 * The network namespace of a container: its own, on `bridge` or on a user's network that is named; `host`; `none`, its own with a loopback
 * only; or another's, `container:ID`.
 */
export type NetworkMode = string;

/** A network that a container is to be on. */
export interface NetworkAttachment {
  /** Its name. */
  readonly network: string;
  /** Further names of the container there. */
  readonly aliases: readonly string[];
  /** IPv4 address; empty: one that is free. */
  readonly address: string;
  /** IPv6 address; empty: one that is free. */
  readonly ipv6Address: string;
  /** `02:42:ac:11:00:02`; empty: that of the address. */
  readonly hardwareAddress: string;
  /** The network with the highest has the default route. */
  readonly gatewayPriority: number;
  /** `com.docker.network.endpoint.ifname` and `….sysctls`. */
  readonly driverOptions: Readonly<Record<string, string>>;
  /** Further addresses, of either family, that are of the link alone. */
  readonly linkLocalAddresses: readonly string[];
}

/** A port of a container that the host is to have a port for. */
export interface PortBinding {
  /** `80/tcp`. */
  readonly containerPort: string;
  /** Dotted IPv4 address of the host; empty: all. */
  readonly hostAddress: string;
  /** The host ports to choose from: the first that is free. Both 0: one of those that the host gives out by itself. */
  readonly firstHostPort: number;
  readonly lastHostPort: number;
}

/** A terminal's size. */
export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

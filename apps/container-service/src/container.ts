import { BerthError } from '@berth/errors';
import type { ContainerConfig, HealthCheck } from './container-config.ts';
import type { MountPoint, Rootfs } from './mount.ts';
import type { Resources } from './resources.ts';

/** Where a container is in its life. */
export type ContainerStatus = 'created' | 'starting' | 'running' | 'paused' | 'restarting' | 'exited';

/** What can happen to a container. `abandon` is a start that failed; `back-off` an end after which it will be started again. */
export type ContainerVerb = 'start' | 'run' | 'abandon' | 'pause' | 'unpause' | 'exit' | 'back-off' | 'remove';

/** What follows what. A verb that a status does not name cannot happen in it; `gone` is the end. */
export const NEXT: Readonly<
  Record<ContainerStatus, Readonly<Partial<Record<ContainerVerb, ContainerStatus | 'gone'>>>>
> = {
  created: { start: 'starting', remove: 'gone' },
  // Start-up may find that a container which it left starting has run and ended.
  starting: { run: 'running', abandon: 'exited', exit: 'exited', 'back-off': 'restarting' },
  running: { pause: 'paused', exit: 'exited', 'back-off': 'restarting' },
  paused: { unpause: 'running', exit: 'exited', 'back-off': 'restarting' },
  restarting: { start: 'starting', exit: 'exited', remove: 'gone' },
  // Start-up finds containers that ended with the host.
  exited: { start: 'starting', 'back-off': 'restarting', remove: 'gone' },
};

/** Who a process runs as. */
export interface Identity {
  readonly userId: number;
  readonly groupId: number;
  /** Supplementary groups, the primary one included. */
  readonly groupIds: readonly number[];
  /** The user's home directory. */
  readonly home: string;
}

/** A container's address of IPv6 on a network. */
export interface Ipv6Place {
  /** As RFC 5952 wants it. */
  readonly address: string;
  readonly prefixLength: number;
  /** Empty when nothing leaves the network; `::` when what does is on its link. */
  readonly gateway: string;
}

/** A container's place on a network while it runs. */
export interface Endpoint {
  readonly networkId: string;
  /** The network's name. */
  readonly network: string;
  /** The network's driver. */
  readonly driver: string;
  /** In the container: `eth0`. */
  readonly interfaceName: string;
  /** Dotted IPv4 address; empty on a network without them, then the length is 0. */
  readonly address: string;
  readonly prefixLength: number;
  /** Empty when nothing leaves the network; 0.0.0.0 when what does is on its link. */
  readonly gateway: string;
  /** Null on a network without IPv6. */
  readonly ipv6: Ipv6Place | null;
  /** `02:42:ac:11:00:02`; empty for its parent's. */
  readonly hardwareAddress: string;
}

/** A port of a container and the host's port that stands for it. */
export interface PublishedPort {
  /** `80/tcp`. */
  readonly containerPort: string;
  /** Address of the host, of either family; 0.0.0.0 or ::, all of them. */
  readonly hostAddress: string;
  readonly hostPort: number;
}

/** What a container is: resolved when it is created, and never changed. */
export interface ContainerSpec {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  /** What the user asked for. */
  readonly config: ContainerConfig;
  readonly imageId: string;
  /** Path and arguments. */
  readonly arguments: readonly string[];
  /** How many of the arguments, from the first, are the entrypoint; the others are the command. */
  readonly entrypointCount: number;
  /** The user's environment over the image's, `NAME=value`; NAME alone takes a default away. */
  readonly environment: readonly string[];
  readonly workingDirectory: string;
  /** `user[:group]`, empty for root. */
  readonly user: string;
  readonly hostname: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `80/tcp`: the user's, the bound ones and the image's, sorted. */
  readonly exposedPorts: readonly string[];
  /** Signal number. */
  readonly stopSignal: number;
  readonly stopTimeoutSeconds: number;
  /** The image's shell, which runs the checks that are a line; empty: /bin/sh -c. */
  readonly shell: readonly string[];
  /** Null when its health is not checked. */
  readonly healthCheck: HealthCheck | null;
  readonly mounts: readonly MountPoint[];
  /** The image's layers below the container's writable one. */
  readonly rootfs: Rootfs;
  /** The host's id that is 0 in its user namespace; null when it has none of its own. */
  readonly firstUserId: number | null;
  /** New limits on their way: the kernel may have them, the config has not yet. Null when there are none. */
  readonly pendingLimits: Resources | null;
  /** Unix time in nanoseconds, as all times here. */
  readonly createTimeNs: bigint;
}

/** The health of a container. */
export interface Health {
  readonly status: 'starting' | 'healthy' | 'unhealthy';
  /** Failures in a row. */
  readonly failingStreak: number;
  /** The last checks, oldest first. */
  readonly log: readonly HealthResult[];
}

/** How a check went. */
export interface HealthResult {
  /** Unix milliseconds. */
  readonly startMs: number;
  readonly endMs: number;
  /** 0: healthy. -1: it could not run, or took too long. */
  readonly exitCode: number;
  readonly output: string;
}

/** What of a container changes. */
export interface ContainerState {
  readonly status: ContainerStatus;
  /** The pid of its init on the host, 0 when it does not run. */
  readonly pid: number;
  /** Of its last run, or of its last attempt to start. */
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** Why the last start failed, or why the exit code is not known; empty otherwise. */
  readonly error: string;
  /** Null when it never ran. */
  readonly startTimeNs: bigint | null;
  /** Null when it never ended. */
  readonly finishTimeNs: bigint | null;
  /** The AppArmor profile of its last run, of its execs too; empty for none, and before its first start. */
  readonly apparmorProfile: string;
  /** Null before its first start. */
  readonly identity: Identity | null;
  /**
   * Its place on the network that has its default route. Kept after the end until nothing of the network is left, so that nobody gets the
   * address too early.
   */
  readonly endpoint: Endpoint | null;
  /** What is published of it; kept as long as the endpoint. */
  readonly publishedPorts: readonly PublishedPort[];
  /** Its places on other networks, likewise; empty without a first one. */
  readonly furtherEndpoints: readonly Endpoint[];
  /** The boot of the host in which it was last started; empty before. */
  readonly bootId: string;
  /** True when its last run was ended on demand: then unless-stopped does not start it again. */
  readonly stoppedByUser: boolean;
  /** How often its restart policy has started it since it was last started by hand. */
  readonly restartCount: number;
  /** How long it waited before its last restart, or waits before the next; 0 before the first. */
  readonly restartDelayMs: number;
  /** Of its last run; null when it is not checked. */
  readonly health: Health | null;
}

/** A container. */
export interface Container extends ContainerSpec {
  readonly state: ContainerState;
}

/** What to change along with the status. */
export type StateChange = Partial<Omit<ContainerState, 'status'>>;

/** What the state of a container that is on no network says of it. */
export const NO_ENDPOINT = { endpoint: null, furtherEndpoints: [], publishedPorts: [] } as const;

const INITIAL_STATE: ContainerState = {
  status: 'created',
  pid: 0,
  exitCode: 0,
  oomKilled: false,
  error: '',
  startTimeNs: null,
  finishTimeNs: null,
  apparmorProfile: '',
  identity: null,
  ...NO_ENDPOINT,
  bootId: '',
  stoppedByUser: false,
  restartCount: 0,
  restartDelayMs: 0,
  health: null,
};

/** A container that was never started. */
export function newContainer(spec: ContainerSpec): Container {
  return { ...spec, state: INITIAL_STATE };
}

/** What of a network a container that is on it tells. */
export type NetworkOfContainer = Pick<Endpoint, 'networkId' | 'network' | 'driver'>;

/** All places of a container on networks, the one with the default route first. */
export function endpointsOf({ state }: Container): Endpoint[] {
  return state.endpoint === null ? [] : [state.endpoint, ...state.furtherEndpoints];
}

/** The addresses that a place has. */
export function addressesOf({ address, ipv6 }: Endpoint): string[] {
  return [address, ipv6?.address ?? ''].filter((each) => each !== '');
}

/** The addresses that a place has, each as one of its network's: `<network id>/<address>`. Another network may have the same one later. */
export function heldAddressesOf(endpoint: Endpoint): string[] {
  return addressesOf(endpoint).map((address) => `${endpoint.networkId}/${address}`);
}

/** The gateways of default routes: of each family that of the first place with a way out; empty for none. */
export interface Gateways {
  readonly gateway: string;
  readonly gateway6: string;
}

/** Gateways, and the container's interfaces that their routes are by. */
export interface Routes extends Gateways {
  readonly gatewayInterface: string;
  readonly gateway6Interface: string;
}

/** The default routes that a change of places has to make; a gateway is empty for one that stays. Both lists are in the order of their rank. */
export function changedRoutes(before: readonly Endpoint[], after: readonly Endpoint[]): Routes {
  const [old, now] = [gatewaysOf(before), gatewaysOf(after)];
  const [way, way6] = [firstWithGateway(after), firstWithGateway6(after)];
  const stays = now.gateway === old.gateway && way?.networkId === firstWithGateway(before)?.networkId;
  const stays6 = now.gateway6 === old.gateway6 && way6?.networkId === firstWithGateway6(before)?.networkId;
  return {
    gateway: stays ? '' : now.gateway,
    gatewayInterface: way?.interfaceName ?? '',
    gateway6: stays6 ? '' : now.gateway6,
    gateway6Interface: way6?.interfaceName ?? '',
  };
}

/** Those of places in the order of their rank. A place has one only when no place before it has it. */
export function gatewaysOf(endpoints: readonly Endpoint[], at?: Endpoint): Gateways {
  const [first, first6] = [firstWithGateway(endpoints), firstWithGateway6(endpoints)];
  return {
    gateway: at === undefined || at === first ? (first?.gateway ?? '') : '',
    gateway6: at === undefined || at === first6 ? (first6?.ipv6?.gateway ?? '') : '',
  };
}

function firstWithGateway(endpoints: readonly Endpoint[]): Endpoint | undefined {
  return endpoints.find(({ gateway }) => gateway !== '');
}

function firstWithGateway6(endpoints: readonly Endpoint[]): Endpoint | undefined {
  return endpoints.find(({ ipv6 }) => ipv6 !== null && ipv6.gateway !== '');
}

/** The container after its places on networks, and what was published of it, were given back. */
export function withoutEndpoint(container: Container): Container {
  return { ...container, state: { ...container.state, ...NO_ENDPOINT } };
}

/** Tells whether a verb can happen to a container now. */
export function can(container: Container, verb: ContainerVerb): boolean {
  return NEXT[container.state.status][verb] !== undefined;
}

/** The container after a verb. Throws ABORTED when the verb cannot happen in its status, or ends it. */
export function advance(container: Container, verb: ContainerVerb, change: StateChange): Container {
  const next = NEXT[container.state.status][verb];
  if (next === undefined || next === 'gone') {
    throw new BerthError('ABORTED', `container ${container.id} is ${container.state.status}: cannot ${verb} it now`);
  }
  return { ...container, state: { ...container.state, ...change, status: statusAfter(container, verb, next) } };
}

/** As in Docker, a container whose start failed is `created` again unless it ran before. */
function statusAfter(container: Container, verb: ContainerVerb, next: ContainerStatus): ContainerStatus {
  return verb === 'abandon' && container.state.startTimeNs === null ? 'created' : next;
}

/** Tells whether a container has processes, or is about to. */
export function isActive({ state: { status } }: Container): boolean {
  return status === 'starting' || status === 'running' || status === 'paused';
}

/** Tells whether users see a container as one that runs: also while it waits for its next start. */
export function isUp(container: Container): boolean {
  const { status } = container.state;
  return status === 'running' || status === 'paused' || status === 'restarting';
}

/** The first 12 digits of an id, which is how people see it. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}

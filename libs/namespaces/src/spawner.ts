import { BerthError } from '@berth/errors';
import type {
  CleanUpContainer,
  ConnectContainer,
  DisconnectContainer,
  EnsureBridge,
  EnsureParent,
  EnsureNetwork,
  InspectNetwork,
  MountContainer,
  NetworkState,
  PublishContainer,
  RemoveBridge,
  RemoveNetwork,
  Rootfs,
  StartContainer,
  StartExec,
  UpdateCgroup,
} from '@berth/proto/native';
import type { FrameChannel } from './frame-channel.ts';
import { exchange, sendOn, sendRequest, type ReplyBody, type RequestBody } from './request.ts';
import { createRunningProcess, FIRST_CLIENT, type ProcessPlaces, type RunningProcess } from './running-process.ts';
import { createStandingConnection } from './standing-connection.ts';

/**
 * The resident native helper. Every call is a connection of its own, so calls run beside each other and nothing needs to be closed. Every call
 * rejects with SERVICE_UNAVAILABLE when the helper is away. An aborted call may have taken effect: only the waiting ends.
 */
export interface Spawner {
  /**
   * Runs a container's plan. Resolves when execve has succeeded.
   *
   * @throws BerthError COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE, DISK_FULL, NETWORK_MISSING, START_FAILED; PORT_IN_USE, whose message is the
   * port alone (`0.0.0.0:80/tcp`); nothing is left behind then.
   */
  startContainer(plan: StartContainer, options?: CallOptions): Promise<RunningProcess>;
  /**
   * Begins to start a container whose root is not known yet: it gets all else meanwhile. Resolves when the plan, whose rootfs is ignored, is
   * on its way.
   */
  beginContainer(plan: StartContainer, options?: CallOptions): Promise<BegunContainer>;
  /**
   * Runs a further process in a running container.
   *
   * @throws BerthError as startContainer, and CONTAINER_NOT_RUNNING.
   */
  startExec(plan: StartExec, options?: CallOptions): Promise<RunningProcess>;
  /** Makes the engine's bridge and packet filter, with exactly these ports published. Idempotent. */
  ensureNetwork(network: EnsureNetwork, options?: CallOptions): Promise<void>;
  /** Looks at the packet filter. */
  inspectNetwork(network: InspectNetwork, options?: CallOptions): Promise<NetworkState>;
  /** Removes them, and the engine's cgroups. Idempotent. */
  removeNetwork(network: RemoveNetwork, options?: CallOptions): Promise<void>;
  /** Makes a bridge of a network besides the engine's own. Idempotent; rejects with START_FAILED for an interface that is not Berth's. */
  ensureBridge(bridge: EnsureBridge, options?: CallOptions): Promise<void>;
  /**
   * Makes the parent of interfaces without a host's end. Idempotent; rejects with NETWORK_MISSING for an interface that does not exist,
   * KERNEL_TOO_OLD, START_FAILED.
   */
  ensureParent(parent: EnsureParent, options?: CallOptions): Promise<void>;
  /** Removes either; an interface that is not Berth's stays. Idempotent. */
  removeBridge(bridge: RemoveBridge, options?: CallOptions): Promise<void>;
  /** Gives a running container another interface. Rejects with CONTAINER_NOT_RUNNING, START_FAILED; nothing is left behind then. */
  connectContainer(connection: ConnectContainer, options?: CallOptions): Promise<void>;
  /** Takes an interface away, also from a container that does not run any more. Idempotent. */
  disconnectContainer(connection: DisconnectContainer, options?: CallOptions): Promise<void>;
  /**
   * Publishes other ports of a running container in place of those that are, or none. Rejects with CONTAINER_NOT_RUNNING, PORT_IN_USE as startContainer,
   * START_FAILED; nothing is published then.
   */
  publishContainer(publication: PublishContainer, options?: CallOptions): Promise<void>;
  /** Changes the limits of a container that runs. Rejects with START_FAILED when it does not, or when a limit is refused. */
  updateCgroup(update: UpdateCgroup, options?: CallOptions): Promise<void>;
  /** Removes what a container whose keeper is gone has left, its processes too. Idempotent; refused while the keeper lives. */
  cleanUpContainer(container: CleanUpContainer, options?: CallOptions): Promise<void>;
  /**
   * Mounts the file system of a container that does not run, where a process has it as its root until it is disposed of.
   *
   * @throws BerthError DISK_FULL, START_FAILED; nothing is left behind then.
   */
  mountContainer(container: MountContainer, options?: CallOptions): Promise<MountedContainer>;
  ping(options?: CallOptions): Promise<{ version: string; pid: number }>;
}

/** A container whose start waits for its root. It ends with this process, and when its connection breaks. Call one of these, once. */
export interface BegunContainer {
  /** Gives it its root. Resolves and throws as startContainer does, also what has failed before. */
  finish(rootfs: Rootfs): Promise<RunningProcess>;
  /** Gives it up. Resolves when nothing of it is left; a helper that died meanwhile leaves what it leaves of any start. */
  abandon(): Promise<void>;
}

/** A file system that is mounted. */
export interface MountedContainer extends Disposable {
  readonly pid: number;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** The spawner that listens on a unix socket. Connects with each call; after a start ahead of the next one, too. */
export function connectSpawner(socketPath: string): Spawner {
  const standing = createStandingConnection(socketPath);

  async function start(request: RequestBody, places: ProcessPlaces, options: CallOptions): Promise<RunningProcess> {
    return startOn(await standing.take(options.signal), request, places, options);
  }

  async function startOn(
    taken: FrameChannel,
    request: RequestBody,
    places: ProcessPlaces,
    options: CallOptions,
  ): Promise<RunningProcess> {
    const { reply, channel } = await exchange(taken, socketPath, request, options.signal).finally(standing.prepare);
    if (reply.$case === 'started') return createRunningProcess(channel, reply.value, places);
    channel.close();
    throw unexpected(reply);
  }

  async function call(request: RequestBody, options: CallOptions): Promise<ReplyBody> {
    const { reply, channel } = await sendRequest(socketPath, request, options.signal);
    channel.close();
    return reply;
  }

  async function callForDone(request: RequestBody, options: CallOptions): Promise<void> {
    const reply = await call(request, options);
    if (reply.$case !== 'done') throw unexpected(reply);
  }

  return {
    startContainer: (plan, options = {}) => start({ $case: 'startContainer', value: plan }, placesOf(plan), options),
    async beginContainer(plan, options = {}) {
      const channel = await standing.take(options.signal);
      const value = { ...plan, rootfs: undefined, rootfsFollows: true };
      sendOn(channel, socketPath, { $case: 'startContainer', value });
      return {
        finish: (rootfs) => startOn(channel, { $case: 'rootfs', value: rootfs }, placesOf(plan), options),
        async abandon() {
          const refused = startOn(channel, { $case: 'rootfs', value: NO_ROOTFS }, placesOf(plan), {});
          await refused.catch(() => undefined);
        },
      };
    },
    startExec: (plan, options = {}) =>
      start(
        { $case: 'startExec', value: plan },
        { stateDir: plan.stateDir, hasLog: false, client: FIRST_CLIENT },
        options,
      ),
    ensureNetwork: (network, options = {}) => callForDone({ $case: 'ensureNetwork', value: network }, options),
    async inspectNetwork(network, options = {}) {
      const reply = await call({ $case: 'inspectNetwork', value: network }, options);
      if (reply.$case !== 'networkState') throw unexpected(reply);
      return reply.value;
    },
    removeNetwork: (network, options = {}) => callForDone({ $case: 'removeNetwork', value: network }, options),
    ensureBridge: (bridge, options = {}) => callForDone({ $case: 'ensureBridge', value: bridge }, options),
    ensureParent: (parent, options = {}) => callForDone({ $case: 'ensureParent', value: parent }, options),
    removeBridge: (bridge, options = {}) => callForDone({ $case: 'removeBridge', value: bridge }, options),
    connectContainer: (connection, options = {}) =>
      callForDone({ $case: 'connectContainer', value: connection }, options),
    disconnectContainer: (connection, options = {}) =>
      callForDone({ $case: 'disconnectContainer', value: connection }, options),
    publishContainer: (publication, options = {}) =>
      callForDone({ $case: 'publishContainer', value: publication }, options),
    updateCgroup: (update, options = {}) => callForDone({ $case: 'updateCgroup', value: update }, options),
    cleanUpContainer: (container, options = {}) =>
      callForDone({ $case: 'cleanUpContainer', value: container }, options),
    async mountContainer(container, options = {}) {
      const request: RequestBody = { $case: 'mountContainer', value: container };
      const { reply, channel } = await sendRequest(socketPath, request, options.signal);
      if (reply.$case === 'mounted') return { pid: reply.value.pid, [Symbol.dispose]: () => channel.close() };
      channel.close();
      throw unexpected(reply);
    },
    async ping(options = {}) {
      const reply = await call({ $case: 'ping', value: {} }, options);
      if (reply.$case !== 'pong') throw unexpected(reply);
      return reply.value;
    },
  };
}

/** One that the helper refuses. */
const NO_ROOTFS: Rootfs = { layersDir: '', lowerDirs: [], upperDir: '', workDir: '', readonly: false };

function placesOf({ stateDir, log }: StartContainer): ProcessPlaces {
  return { stateDir, hasLog: log !== undefined, client: FIRST_CLIENT };
}

function unexpected(reply: ReplyBody): BerthError {
  return new BerthError('INTERNAL', `the native helper answered with ${reply.$case}`);
}

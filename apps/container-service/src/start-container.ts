import { isBerthError, toBerthError, type BerthError } from '@berth/errors';
import type { ActiveContainer, ActiveContainerControl, ActiveContainers } from './active-containers.ts';
import type { Cleaner } from './clean-leftovers.ts';
import { advance, NO_ENDPOINT, type Container } from './container.ts';
import type { EarlyStart } from './early-start.ts';
import { containerEvent, startEvents } from './events.ts';
import type { Fault } from './fault.ts';
import { NEW_HEALTH } from './health.ts';
import type { ContainerNames } from './network/container-names.ts';
import type { ContainerPlaces, TakenPlaces } from './network/container-places.ts';
import type { Networks } from './network/networks.ts';
import type { PortPublisher } from './publish-ports.ts';
import type { PlanStart, ProcessHold } from './plan-start.ts';
import type { PlanBuilder } from './plan/build-plan.ts';
import type { ContainerFiles } from './ports/files.ts';
import type { ImageClient, PreparedSnapshot } from './ports/images.ts';
import type { Log } from './ports/log.ts';
import type { StartedProcess } from './ports/process.ts';
import type { Runtime } from './ports/runtime.ts';
import type { ContainerStore } from './ports/stores.ts';
import { planRetry } from './restart-policy.ts';
import { retryUntilDone } from './retry-until-done.ts';
import type { VolumeMounts } from './volume-mounts.ts';
import { startStopwatch, type Stopwatch } from './stopwatch.ts';
import { leftoverOf, type Supervisor } from './supervise-container.ts';

/** What starting needs. */
export interface StartDeps {
  readonly store: ContainerStore;
  readonly images: ImageClient;
  readonly files: ContainerFiles;
  readonly runtime: Runtime;
  readonly networks: Pick<Networks, 'doubt'>;
  readonly places: ContainerPlaces;
  readonly names: ContainerNames;
  readonly publisher: PortPublisher;
  readonly plans: PlanBuilder;
  readonly planStart: PlanStart;
  readonly actives: ActiveContainers;
  readonly supervisor: Supervisor;
  readonly cleaner: Cleaner;
  readonly volumeMounts: VolumeMounts;
  readonly fault: Fault;
  readonly log: Log;
  /** Called with a container that is `restarting` once nothing of its failed start is left. */
  readonly onRestarting: (id: string) => void;
  /** Aborted when the service stops. */
  readonly signal: AbortSignal;
}

/** How to start. */
export interface StartOptions extends ProcessHold {
  /** The container's file system, when the caller has just prepared it. */
  readonly snapshot: PreparedSnapshot | null;
  /** What has begun already. It is finished, or cancelled where the start fails before. */
  readonly early: EarlyStart | null;
  /** True: its restart policy starts it. False: a user does, and the policy begins anew. */
  readonly byPolicy: boolean;
}

/** A container that runs. */
export interface StartedContainer {
  readonly active: ActiveContainer;
  readonly process: StartedProcess;
}

/** Starts containers. */
export interface ContainerStarter {
  /**
   * Starts a container that is created or exited. Throws ABORTED when it is neither, what the runtime throws, USER_INVALID,
   * ADDRESS_POOL_EMPTY, PORT_IN_USE. After a failure the container is as before, with the error and an exit code; one with auto_remove is gone.
   */
  start(container: Container, options: StartOptions): Promise<StartedContainer>;
}

/** A starter of all containers. */
export function createContainerStarter(deps: StartDeps): ContainerStarter {
  const { store, images, files, runtime, networks, places, names, publisher, plans, actives, supervisor, fault, log } =
    deps;

  /** From here on the container is starting, and whoever comes next waits for us. */
  function claim(
    container: Container,
    options: StartOptions,
  ): { starting: Container; active: ActiveContainerControl; refusal: BerthError | null } {
    const taken = options.early?.places ?? takePlaces(container);
    const { publishedPorts, refusal } = publisher.take(container, taken.endpoint);
    const anew = options.byPolicy ? {} : { stoppedByUser: false, restartCount: 0, restartDelayMs: 0 };
    const change = {
      exitCode: 0,
      error: '',
      oomKilled: false,
      ...taken,
      publishedPorts,
      bootId: runtime.bootId,
      apparmorProfile: deps.plans.apparmorProfile(container),
      ...anew,
    };
    try {
      const starting = advance(container, 'start', change);
      store.replace(container, starting, []);
      fault('start:row');
      return { starting, active: actives.add(container.id), refusal };
    } catch (error) {
      if (options.early === null) places.release(taken);
      if (publishedPorts.length > 0) publisher.release(container.id);
      if (!isBerthError(error, 'ABORTED')) giveUp(container);
      throw error;
    }
  }

  async function claimOrCancel(container: Container, options: StartOptions): Promise<ReturnType<typeof claim>> {
    try {
      return claim(container, options);
    } catch (error) {
      await options.early?.cancel();
      throw error;
    }
  }

  function takePlaces(container: Container): TakenPlaces {
    try {
      return places.take(container);
    } catch (error) {
      giveUp(container);
      throw error;
    }
  }

  async function spawn(
    starting: Container,
    options: StartOptions,
    stopwatch: Stopwatch,
  ): Promise<{ running: Container; process: StartedProcess }> {
    const { id } = starting;
    const snapshot = options.snapshot ?? (await images.prepareSnapshot(id, starting.imageId));
    const { early } = options;
    const { identity, planOf } = await (early?.planned ?? deps.planStart(starting, snapshot, options));
    stopwatch('files');
    fault('start:files');
    const first = early && (() => early.finish(snapshot.rootfs));
    const { claimed, process } = await deps.volumeMounts.inTurn(starting, () =>
      publisher.start(starting, planOf, first),
    );
    stopwatch('spawn');
    fault('start:spawned');
    const health = starting.healthCheck === null ? null : NEW_HEALTH;
    const running = advance(claimed, 'run', { pid: process.pid, startTimeNs: process.startTimeNs, identity, health });
    return { running, process };
  }

  async function recordStart(starting: Container, running: Container, process: StartedProcess): Promise<void> {
    try {
      store.replace(starting, running, startEvents(running, places.networksOf(running)));
    } catch (error) {
      await discard(starting.id, process);
      throw error;
    }
  }

  /** A process that could not be recorded must not go on: nobody would know of it. */
  async function discard(id: string, { connection }: StartedProcess): Promise<void> {
    connection.killAll();
    connection.close();
    await runtime.isReleased({ stateDir: files.paths(id).stateDir, hostInterface: plans.hostInterface(id, 'eth0') });
  }

  async function abandon(
    starting: Container,
    active: ActiveContainerControl,
    options: StartOptions,
    thrown: unknown,
  ): Promise<void> {
    try {
      // A failure that the helper did not report itself may have left something behind, and what is published may have been published anew.
      const published = starting.state.publishedPorts.length > 0;
      if (isBerthError(thrown, ...REPORTED_BY_HELPER) && !published) await files.removeRuntime(starting.id);
      else if (files.hasRuntime(starting.id)) await deps.cleaner.cleanRuntime(starting.id);
    } catch (error) {
      // The run-time directory stays, and tells the next start that there is something to clean up.
      log.warn({ containerId: starting.id, err: error }, 'failed start not cleaned up');
    }
    names.withdraw(starting.id);
    if (isBerthError(thrown, 'START_FAILED', 'NETWORK_MISSING')) networks.doubt();
    active.fail(thrown);
    const onError = (error: unknown): void => {
      log.error({ containerId: starting.id, err: error }, 'failed start not recorded');
    };
    // The caller does not wait for a full disk; whoever wants to start or remove the container does.
    retryUntilDone(() => recordFailure(starting, options, thrown), { signal: deps.signal, onError })
      .then(() => {
        active.markReleased();
        if (store.get(starting.id)?.state.status === 'restarting') deps.onRestarting(starting.id);
      })
      .catch(() => {});
  }

  function recordFailure(starting: Container, { byPolicy }: StartOptions, thrown: unknown): void {
    if (starting.config.autoRemove) {
      removeFailed(starting);
      return;
    }
    const exitCode = failedStartExitCode(thrown);
    // What a user started tells the user. What a policy started is tried again: the reason may pass.
    const counts = !isBerthError(thrown, 'SERVICE_UNAVAILABLE');
    const restart = byPolicy ? planRetry(starting, exitCode, { counts }) : null;
    const change = { error: toBerthError(thrown).message, exitCode, ...NO_ENDPOINT, ...restart };
    store.replace(starting, advance(starting, restart === null ? 'abandon' : 'back-off', change), []);
    places.release(starting.state);
    publisher.release(starting.id);
  }

  function removeFailed(container: Container): void {
    const leftover = leftoverOf(container, { deleteAnonymous: true });
    store.remove(container, leftover, [containerEvent(container, 'destroy')]);
    void deps.cleaner.clean(leftover);
  }

  /** One with auto_remove goes also when its start ends before it is `starting`, unless somebody else has started it. */
  function giveUp(container: Container): void {
    if (!container.config.autoRemove) return;
    const remove = (): void => {
      if (store.get(container.id)?.state.status === container.state.status) removeFailed(container);
    };
    const onError = (error: unknown): void => {
      log.error({ containerId: container.id, err: error }, 'container that could not start not removed');
    };
    retryUntilDone(remove, { signal: deps.signal, onError }).catch(() => {});
  }

  return {
    async start(container, options) {
      const stopwatch = startStopwatch(log, container.id);
      await publisher.settled(container);
      const { starting, active, refusal } = await claimOrCancel(container, options);
      stopwatch('start-row');
      try {
        if (refusal !== null) throw refusal;
        const { running, process } = await spawn(starting, options, stopwatch);
        await recordStart(starting, running, process);
        stopwatch('run-row');
        fault('start:running');
        active.markStarted();
        supervisor.supervise(active, process.connection);
        return { active, process };
      } catch (error) {
        await abandon(starting, active, options, error);
        throw error;
      }
    },
  };
}

const REPORTED_BY_HELPER = [
  'COMMAND_NOT_FOUND',
  'COMMAND_NOT_EXECUTABLE',
  'DISK_FULL',
  'NETWORK_MISSING',
  'PORT_IN_USE',
  'START_FAILED',
] as const;

/** What Docker notes as the exit code of a process that could not start. */
export function failedStartExitCode(thrown: unknown): number {
  if (isBerthError(thrown, 'COMMAND_NOT_FOUND')) return 127;
  return isBerthError(thrown, 'COMMAND_NOT_EXECUTABLE') ? 126 : 128;
}

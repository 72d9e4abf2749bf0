import { setTimeout as sleep } from 'node:timers/promises';
import type { ActiveContainerControl, ActiveContainers } from './active-containers.ts';
import type { Cleaner } from './clean-leftovers.ts';
import { advance, isActive, type Container } from './container.ts';
import type { ContainerCreator } from './create-container.ts';
import { containerEvent, startEvents } from './events.ts';
import type { ContainerExecs } from './exec-container.ts';
import { unknownExit } from './follow-process.ts';
import type { EngineNetwork } from './network/engine-network.ts';
import type {
  ContainerFiles,
  ContainerStore,
  ExecStore,
  ImageClient,
  Leftover,
  Log,
  ProcessState,
  Runtime,
  VolumeClient,
} from './ports.ts';
import { retryUntilDone } from './retry-until-done.ts';
import type { Freezer } from './freeze-containers.ts';
import type { ContainerControl } from './control-containers.ts';
import type { Restarter } from './restart-containers.ts';
import { startsWithHost } from './restart-policy.ts';
import { leftoverOf, type Supervisor } from './supervise-container.ts';
import type { IdPool } from './user-namespace/id-ranges.ts';

/** What recovering needs. */
export interface RecoverDeps {
  readonly store: ContainerStore;
  readonly execs: ExecStore;
  readonly files: ContainerFiles;
  readonly images: ImageClient;
  readonly volumes: VolumeClient;
  readonly runtime: Runtime;
  readonly network: EngineNetwork;
  readonly userIds: IdPool;
  readonly cleaner: Cleaner;
  readonly supervisor: Supervisor;
  readonly actives: ActiveContainers;
  readonly creator: ContainerCreator;
  readonly control: Pick<ContainerControl, 'remove'>;
  readonly restarter: Restarter;
  readonly freezer: Freezer;
  readonly containerExecs: ContainerExecs;
  readonly nowNs: () => bigint;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Brings the records and the host together again after an end of the service, whatever it was. */
export interface Recovery {
  /** Takes every container up where it is found, before it returns: then requests can be answered. */
  resume(): void;
  /** Removes what belongs to no container. Tries until the other services answer. */
  sweep(): Promise<void>;
}

const POLL_MS = 100;

/** The recovery of an engine's containers. What is on the host's disk is the truth; a row says what was meant. */
export function createRecovery(deps: RecoverDeps): Recovery {
  const { store, execs, files, runtime, network, supervisor, actives, cleaner, log, signal } = deps;

  function resume(): void {
    for (const { address, firstUserId } of store.listLeftovers()) {
      if (address !== null) network.claim(address);
      if (firstUserId !== null) deps.userIds.claim(firstUserId);
    }
    for (const container of store.list()) {
      if (container.firstUserId !== null) deps.userIds.claim(container.firstUserId);
      const { endpoint } = container.state;
      if (endpoint !== null) network.claim(endpoint.address);
      if (isActive(container)) resumeActive(container);
      else if (endpoint !== null || files.hasRuntime(container.id)) releaseEnded(container);
      else resumeEnded(container);
    }
    for (const exec of execs.list()) deps.containerExecs.resume(exec);
  }

  function resumeActive(container: Container): void {
    const active = actives.add(container.id);
    const state = runtime.inspect(files.paths(container.id).stateDir);
    log.info({ containerId: container.id, state: state.state }, 'container found active');
    if (container.state.bootId !== runtime.bootId) {
      settle(container, active, { state: 'lost' }, 'the host was restarted');
    } else if (state.state === 'starting') {
      void waitForStart(container, active).catch((error: unknown) => active.fail(error));
    } else {
      settle(container, active, state, 'the container and its keeper were gone');
    }
  }

  /** Nothing of its last run is left, but a crash or a restart of the host came before what follows. */
  function resumeEnded(container: Container): void {
    const { id, config, state } = container;
    if (config.autoRemove && state.status === 'exited') {
      void deps.control.remove(id, { force: false, volumes: true });
    } else if (state.status === 'restarting') {
      deps.restarter.schedule(id);
    } else if (state.bootId !== runtime.bootId && startsWithHost(container)) {
      store.replace(container, advance(container, 'back-off', { restartDelayMs: 0 }), []);
      deps.restarter.schedule(id);
    }
  }

  /** A keeper finishes a start that its service did not live to see. */
  async function waitForStart(container: Container, active: ActiveContainerControl): Promise<void> {
    const { stateDir } = files.paths(container.id);
    let state = runtime.inspect(stateDir);
    while (state.state === 'starting') {
      await sleep(POLL_MS, undefined, { signal });
      state = runtime.inspect(stateDir);
    }
    settle(container, active, state, 'its start was interrupted');
  }

  function settle(container: Container, active: ActiveContainerControl, state: ProcessState, why: string): void {
    if (state.state === 'lost' && container.state.status === 'starting') {
      abandon(container, active, why);
      return;
    }
    const running = container.state.status === 'starting' ? recordStart(container, state) : container;
    active.markStarted();
    if (state.state === 'lost') {
      void supervisor.finish(active, unknownExit(deps.nowNs(), why)).catch((error: unknown) => active.fail(error));
      return;
    }
    const reconciled = deps.freezer.reconcile(running);
    supervisor.supervise(active, null);
    log.debug({ containerId: reconciled.id }, 'container followed again');
  }

  function recordStart(container: Container, state: ProcessState): Container {
    const { pid, startTimeNs } = 'pid' in state ? state : { pid: 0, startTimeNs: deps.nowNs() };
    const began = state.state === 'exited' ? state.startTimeNs : startTimeNs;
    const running = advance(container, 'run', { pid, startTimeNs: began });
    store.replace(container, running, startEvents(running, network.identity));
    return running;
  }

  function abandon(container: Container, active: ActiveContainerControl, why: string): void {
    const finish = async (): Promise<void> => {
      await untilDone('interrupted start not cleaned up', () => cleaner.cleanRuntime(container.id));
      const leftover = await untilDone('interrupted start not recorded', () => recordAbandoned(container, why));
      if (leftover !== null) await cleaner.clean(leftover);
      else if (container.state.endpoint !== null) network.release(container.state.endpoint.address);
      active.fail(new Error(why));
      active.markReleased();
    };
    finish().catch((error: unknown) => active.fail(error));
  }

  function recordAbandoned(container: Container, why: string): Leftover | null {
    if (container.config.autoRemove) {
      const leftover = leftoverOf(container, { deleteAnonymous: true });
      store.remove(container, leftover, [containerEvent(container, 'destroy')]);
      return leftover;
    }
    const change = { error: `start failed: ${why}`, exitCode: 128, endpoint: null };
    store.replace(container, advance(container, 'abandon', change), []);
    return null;
  }

  /** The exit is recorded, but a crash came before everything of the run was cleaned up. */
  function releaseEnded(container: Container): void {
    const active = actives.add(container.id);
    const release = async (): Promise<void> => {
      await untilDone('run not cleaned up', async () => {
        await cleaner.cleanRuntime(container.id);
        const current = store.get(container.id);
        if (current !== null) store.replace(current, { ...current, state: { ...current.state, endpoint: null } }, []);
      });
      if (container.state.endpoint !== null) network.release(container.state.endpoint.address);
      active.markReleased();
      resumeEnded(store.get(container.id) ?? container);
    };
    release().catch((error: unknown) => active.fail(error));
  }

  function untilDone<Result>(message: string, run: () => Result | Promise<Result>): Promise<Result> {
    return retryUntilDone(run, { signal, onError: (error) => log.warn({ err: error }, message) });
  }

  async function sweep(): Promise<void> {
    for (const leftover of store.listLeftovers()) await cleaner.clean(leftover);
    const sweeps = [sweepFiles, sweepSnapshots, sweepVolumes];
    await Promise.all(sweeps.map((run) => untilDone('orphans not swept, will try again', run)));
  }

  async function sweepFiles(): Promise<void> {
    for (const id of files.list().filter(isOrphan)) {
      log.warn({ containerId: id }, 'files of no container removed');
      if (files.hasRuntime(id)) await cleaner.cleanRuntime(id);
      files.remove(id);
    }
  }

  async function sweepSnapshots(): Promise<void> {
    for (const id of (await deps.images.listSnapshots()).filter(isOrphan)) {
      log.info({ containerId: id }, 'snapshot of no container removed');
      await deps.images.deleteSnapshot(id);
    }
  }

  async function sweepVolumes(): Promise<void> {
    for (const id of (await deps.volumes.listUsers()).filter(isOrphan)) {
      log.info({ containerId: id }, 'volumes of no container released');
      await deps.volumes.release(id, { deleteAnonymous: true });
    }
  }

  /** Asked after the list was made: a container that came since is known, or is being created. */
  function isOrphan(id: string): boolean {
    if (store.get(id) !== null || deps.creator.isCreating(id)) return false;
    return !store.listLeftovers().some(({ containerId }) => containerId === id);
  }

  return { resume, sweep };
}

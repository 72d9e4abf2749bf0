import { setTimeout as sleep } from 'node:timers/promises';
import type { ActiveContainerControl, ActiveContainers } from './active-containers.ts';
import type { ContainerChanger } from './change-container.ts';
import type { ContainerConnector } from './connect-containers.ts';
import type { Cleaner } from './clean-leftovers.ts';
import { advance, isActive, NO_ENDPOINT, withoutEndpoint, type Container } from './container.ts';
import { containerEvent, startEvents } from './events.ts';
import type { ContainerExecs } from './exec-container.ts';
import { serviceStopsError, unknownExit } from './follow-process.ts';
import type { ContainerNames } from './network/container-names.ts';
import type { ContainerPlaces } from './network/container-places.ts';
import type { Networks } from './network/networks.ts';
import { portHolder, type PortPool } from './network/port-pool.ts';
import type { ContainerFiles } from './ports/files.ts';
import type { Log } from './ports/log.ts';
import type { ProcessState } from './ports/process.ts';
import type { Runtime } from './ports/runtime.ts';
import type { ContainerStore, ExecStore, Leftover } from './ports/stores.ts';
import { retryUntilDone } from './retry-until-done.ts';
import type { Freezer } from './freeze-containers.ts';
import type { ContainerControl } from './control-containers.ts';
import type { Restarter } from './restart-containers.ts';
import { planRetry, startsWithHost } from './restart-policy.ts';
import { leftoverOf, type Supervisor } from './supervise-container.ts';
import type { IdPool } from './user-namespace/id-ranges.ts';

/** What recovering needs. */
export interface RecoverDeps {
  readonly store: ContainerStore;
  readonly execs: ExecStore;
  readonly files: ContainerFiles;
  readonly runtime: Runtime;
  readonly networks: Pick<Networks, 'claim'>;
  readonly places: ContainerPlaces;
  readonly names: Pick<ContainerNames, 'adopt' | 'announce' | 'withdraw'>;
  readonly connector: Pick<ContainerConnector, 'reconcile'>;
  readonly ports: PortPool;
  readonly userIds: IdPool;
  readonly cleaner: Cleaner;
  readonly supervisor: Supervisor;
  readonly actives: ActiveContainers;
  readonly control: Pick<ContainerControl, 'remove'>;
  readonly restarter: Restarter;
  readonly changer: Pick<ContainerChanger, 'finishUpdate'>;
  readonly freezer: Freezer;
  readonly containerExecs: ContainerExecs;
  readonly nowNs: () => bigint;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Brings the records and the host together again after an end of the service, whatever it was. */
export interface Recovery {
  /**
   * Takes every container up where it is found, before it returns: then requests can be answered. What cannot be recorded, on a full disk,
   * is tried until it can, and until then whoever wants that container waits.
   */
  resume(): void;
}

const POLL_MS = 100;

/** The recovery of an engine's containers. What is on the host's disk is the truth; a row says what was meant. */
export function createRecovery(deps: RecoverDeps): Recovery {
  const { store, execs, files, runtime, networks, places, supervisor, actives, cleaner, log, signal } = deps;

  function resume(): void {
    for (const { addresses, firstUserId } of store.listLeftovers()) {
      for (const address of addresses) networks.claim(address);
      if (firstUserId !== null) deps.userIds.claim(firstUserId);
    }
    const containers = store.list();
    deps.names.adopt(containers.filter(isActive));
    for (const container of containers) {
      if (container.firstUserId !== null) deps.userIds.claim(container.firstUserId);
      const { endpoint } = container.state;
      claimPlaces(container);
      if (isActive(container)) resumeActive(container);
      else if (endpoint !== null || files.hasRuntime(container.id)) releaseEnded(container);
      else resumeEnded(container.id);
      if (container.pendingLimits !== null) finishUpdate(container.id);
    }
    for (const exec of execs.list()) deps.containerExecs.resume(exec);
  }

  function claimPlaces(container: Container): void {
    const { id, state } = container;
    places.claim(container);
    if (state.endpoint !== null) deps.ports.claim(portHolder(id, state.endpoint), state.publishedPorts);
  }

  function releasePlaces({ id, state }: Container): void {
    places.release(state);
    deps.ports.release(id);
  }

  function resumeActive(container: Container): void {
    const active = actives.add(container.id);
    const state = runtime.inspect(files.paths(container.id).stateDir);
    log.info({ containerId: container.id, state: state.state }, 'container found active');
    if (container.state.bootId !== runtime.bootId) {
      settle(container, active, { state: 'lost' }, 'the host was restarted');
    } else if (state.state === 'starting') {
      waitForStart(container, active).catch(failed(active));
    } else {
      settle(container, active, state, 'the container and its keeper were gone');
    }
  }

  /** The kernel may have what the row has not. */
  function finishUpdate(id: string): void {
    untilDone('update not finished', () => deps.changer.finishUpdate(id)).catch(() => {});
  }

  /** Nothing of its last run is left, but a crash or a restart of the host came before what follows. */
  function resumeEnded(id: string): void {
    untilDone('ended container not taken up', () => takeUpEnded(id)).catch(() => {});
  }

  async function takeUpEnded(id: string): Promise<void> {
    const container = store.get(id);
    if (container === null) return;
    if (container.config.autoRemove && container.state.status === 'exited') {
      await deps.control.remove(id, { force: false, volumes: true });
    } else if (container.state.status === 'restarting') {
      deps.restarter.schedule(id);
    } else if (container.state.bootId !== runtime.bootId && startsWithHost(container)) {
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

  function settle(found: Container, active: ActiveContainerControl, state: ProcessState, why: string): void {
    untilDone('container found active not taken up', () => takeUp(found, active, state, why)).catch(failed(active));
  }

  /** Can be repeated: the row tells how far an attempt came that failed. */
  function takeUp(found: Container, active: ActiveContainerControl, state: ProcessState, why: string): void {
    const container = store.get(found.id) ?? found;
    if (state.state === 'lost' && container.state.status === 'starting') {
      abandon(container, active, why);
      return;
    }
    const running = container.state.status === 'starting' ? recordStart(container, state) : container;
    if (state.state === 'lost') {
      active.markStarted();
      supervisor.finish(active, unknownExit(deps.nowNs(), why)).catch(failed(active));
      return;
    }
    deps.freezer.reconcile(running).catch((error: unknown) => {
      log.warn({ containerId: running.id, err: error }, 'container neither frozen nor thawed as it should be');
    });
    untilDone('networks of a container not as they should be', () => reconnect(running.id)).catch(() => {});
    active.markStarted();
    supervisor.supervise(active, null);
    log.debug({ containerId: running.id }, 'container followed again');
  }

  /** A container that has ended meanwhile is connected by its next start. */
  async function reconnect(id: string): Promise<void> {
    if (findActive(id) === null) return;
    await deps.connector.reconcile(id);
    const container = findActive(id);
    if (container !== null) await deps.names.announce(container);
  }

  function findActive(id: string): Container | null {
    const container = store.get(id);
    return container !== null && isActive(container) ? container : null;
  }

  function recordStart(container: Container, state: ProcessState): Container {
    const { pid, startTimeNs } = 'pid' in state ? state : { pid: 0, startTimeNs: deps.nowNs() };
    const began = state.state === 'exited' ? state.startTimeNs : startTimeNs;
    const running = advance(container, 'run', { pid, startTimeNs: began });
    store.replace(container, running, startEvents(running, places.networksOf(running)));
    return running;
  }

  function abandon(container: Container, active: ActiveContainerControl, why: string): void {
    const finish = async (): Promise<void> => {
      await untilDone('interrupted start not cleaned up', () => cleaner.cleanRuntime(container.id));
      const leftover = await untilDone('interrupted start not recorded', () => recordAbandoned(container, why));
      deps.names.withdraw(container.id);
      if (leftover !== null) await cleaner.clean(leftover);
      else releasePlaces(container);
      active.fail(new Error(why));
      active.markReleased();
      resumeEnded(container.id);
    };
    finish().catch(failed(active));
  }

  function recordAbandoned(container: Container, why: string): Leftover | null {
    if (container.config.autoRemove) {
      const leftover = leftoverOf(container, { deleteAnonymous: true });
      store.remove(container, leftover, [containerEvent(container, 'destroy')]);
      return leftover;
    }
    const retry = planRetry(container, 128, { counts: false });
    const change = { error: `start failed: ${why}`, exitCode: 128, ...NO_ENDPOINT, ...retry };
    store.replace(container, advance(container, retry === null ? 'abandon' : 'back-off', change), []);
    return null;
  }

  /** The exit is recorded, but a crash came before everything of the run was cleaned up. */
  function releaseEnded(container: Container): void {
    const active = actives.add(container.id);
    const release = async (): Promise<void> => {
      await untilDone('run not cleaned up', async () => {
        await cleaner.cleanRuntime(container.id);
        const current = store.get(container.id);
        if (current !== null) store.replace(current, withoutEndpoint(current), []);
      });
      releasePlaces(container);
      active.markReleased();
      resumeEnded(container.id);
    };
    release().catch(failed(active));
  }

  /** Nobody follows a container any more. */
  function failed(active: ActiveContainerControl): (error: unknown) => void {
    return (error) => active.fail(signal.aborted ? serviceStopsError() : error);
  }

  function untilDone<Result>(message: string, run: () => Result | Promise<Result>): Promise<Result> {
    return retryUntilDone(run, { signal, onError: (error) => log.warn({ err: error }, message) });
  }

  return { resume };
}

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ActiveContainerControl } from './active-containers.ts';
import type { Cleaner } from './clean-leftovers.ts';
import { advance, endpointsOf, heldAddressesOf, withoutEndpoint, type Container } from './container.ts';
import { containerEvent, exitEvents } from './events.ts';
import type { Fault } from './fault.ts';
import { followProcess, serviceStopsError } from './follow-process.ts';
import type { ContainerNames } from './network/container-names.ts';
import type { ContainerPlaces } from './network/container-places.ts';
import type { EngineNetwork } from './network/engine-network.ts';
import type { PortPool } from './network/port-pool.ts';
import type { PlanBuilder } from './plan/build-plan.ts';
import { startStopwatch } from './stopwatch.ts';
import { planRestart } from './restart-policy.ts';
import { retryUntilDone } from './retry-until-done.ts';
import type { ContainerFiles } from './ports/files.ts';
import type { Log } from './ports/log.ts';
import type { ProcessConnection, ProcessExit } from './ports/process.ts';
import type { Runtime } from './ports/runtime.ts';
import type { ContainerStore, Leftover } from './ports/stores.ts';

/** What supervising needs. */
export interface SuperviseDeps {
  readonly store: ContainerStore;
  readonly files: ContainerFiles;
  readonly runtime: Runtime;
  readonly network: Pick<EngineNetwork, 'renewedNs'>;
  readonly places: ContainerPlaces;
  readonly names: Pick<ContainerNames, 'withdraw'>;
  readonly ports: PortPool;
  readonly plans: PlanBuilder;
  readonly cleaner: Cleaner;
  readonly nowNs: () => bigint;
  readonly fault: Fault;
  readonly log: Log;
  /** Called with a container that runs and is followed. */
  readonly onRunning: (id: string) => void;
  /** Called with a container that is `restarting` once nothing of its run is left. */
  readonly onRestarting: (id: string) => void;
  /** Ends the supervision; containers go on. */
  readonly signal: AbortSignal;
}

/** Sees containers to their end. */
export interface Supervisor {
  /** Follows a container that runs, records its exit, cleans up. */
  supervise(active: ActiveContainerControl, connection: ProcessConnection | null): void;
  /** Records that a container has ended, and cleans up. */
  finish(active: ActiveContainerControl, exit: ProcessExit): Promise<void>;
}

/** A supervisor of all containers. */
export function createSupervisor(deps: SuperviseDeps): Supervisor {
  const { store, files, runtime, places, cleaner, fault, log, signal } = deps;

  async function follow(active: ActiveContainerControl, first: ProcessConnection | null): Promise<void> {
    const { stateDir } = files.paths(active.id);
    const exit = await followProcess(deps, {
      stateDir,
      connection: first,
      onConnection: active.useConnection,
    });
    await finish(active, exit);
  }

  async function finish(active: ActiveContainerControl, exit: ProcessExit): Promise<void> {
    const stopwatch = startStopwatch(log, active.id);
    fault('exit:heard');
    const { before, leftover } = await untilDone('exit not recorded', () => recordExit(active, exit));
    stopwatch('exit-row');
    fault('exit:recorded');
    deps.names.withdraw(active.id);
    active.markEnded(exit);
    // Whoever waits for the end hears of it before the rest is done.
    await nextTurn();
    log.info({ containerId: active.id, exitCode: exit.exitCode }, 'container exited');
    await untilDone('run not cleaned up', () => releaseRun(before, exit));
    stopwatch('release');
    fault('release:runtime');
    if (leftover !== null) await cleaner.clean(leftover);
    else await untilDone('address not given back', () => releaseAddress(before));
    active.markReleased();
    if (store.get(active.id)?.state.status === 'restarting') deps.onRestarting(active.id);
  }

  function recordExit(
    active: ActiveContainerControl,
    exit: ProcessExit,
  ): { before: Container; leftover: Leftover | null } {
    const before = store.get(active.id);
    if (before === null) throw new Error(`active container ${active.id} has no row`);
    const events = exitEvents(before, exit, places.networksOf(before));
    if (active.stopRequested) events.push(containerEvent(before, 'stop'));
    const removal = active.removal ?? (before.config.autoRemove && !active.restartRequested ? AUTO_REMOVAL : null);
    if (removal !== null) {
      const leftover = leftoverOf(before, removal);
      store.remove(before, leftover, [...events, containerEvent(before, 'destroy')]);
      return { before, leftover };
    }
    const { exitCode, oomKilled, timeNs, error } = exit;
    const restart = planRestart(before, exit);
    const change = { pid: 0, exitCode, oomKilled, error, finishTimeNs: timeNs, ...restart };
    const after = advance(before, restart === null ? 'exit' : 'back-off', change);
    store.replace(before, after, events);
    return { before, leftover: null };
  }

  /** A keeper cleans up by itself. Where it does not, the spawner does it in its place. */
  async function releaseRun({ id, state }: Container, exit: ProcessExit): Promise<void> {
    const hostInterface = deps.plans.hostInterface(id, state.endpoint?.interfaceName ?? 'eth0');
    const container = { stateDir: files.paths(id).stateDir, hostInterface };
    const published = deps.ports.retire(id);
    const byItself = exit.error === '' && (await runtime.isReleased(container));
    const isPublished = published !== null && (await deps.network.renewedNs()) >= exit.timeNs;
    if (byItself && !isPublished) await files.removeRuntime(id);
    else await cleaner.cleanRuntime(id);
  }

  function releaseAddress({ id, state }: Container): void {
    if (state.endpoint === null) return;
    const current = store.get(id);
    if (current !== null) store.replace(current, withoutEndpoint(current), []);
    places.release(state);
    deps.ports.release(id);
  }

  /** What ended must be recorded and cleaned up: a full disk or a helper that is down only delays it. */
  function untilDone<Result>(message: string, run: () => Result | Promise<Result>): Promise<Result> {
    return retryUntilDone(run, { signal, onError: (error) => log.error({ err: error }, message) });
  }

  return {
    finish,
    supervise(active, connection) {
      deps.onRunning(active.id);
      follow(active, connection).catch((error: unknown) => {
        if (!signal.aborted) log.error({ containerId: active.id, err: error }, 'supervision ended');
        active.fail(signal.aborted ? serviceStopsError() : error);
      });
    },
  };
}

/** What goes with a container that has auto_remove. */
const AUTO_REMOVAL = { deleteAnonymous: true };

/** Tells whether a container has volumes that it must give back. */
export function usesVolumes({ mounts }: Container): boolean {
  return mounts.some(({ type }) => type === 'volume');
}

/** What a container leaves when its row goes. */
export function leftoverOf(container: Container, { deleteAnonymous }: { deleteAnonymous: boolean }): Leftover {
  const release = deleteAnonymous ? 'delete-anonymous' : 'release';
  return {
    containerId: container.id,
    addresses: endpointsOf(container).flatMap(heldAddressesOf),
    firstUserId: container.firstUserId,
    volumes: usesVolumes(container) ? release : 'none',
  };
}

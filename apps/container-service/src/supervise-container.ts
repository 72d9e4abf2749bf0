import type { ActiveContainerControl } from './active-containers.ts';
import type { Cleaner } from './clean-leftovers.ts';
import { advance, type Container } from './container.ts';
import { containerEvent, exitEvents } from './events.ts';
import type { Fault } from './fault.ts';
import { followProcess } from './follow-process.ts';
import type { EngineNetwork } from './network/engine-network.ts';
import { retryUntilDone } from './retry-until-done.ts';
import type {
  ContainerFiles,
  ContainerStore,
  Leftover,
  Log,
  ProcessConnection,
  ProcessExit,
  Runtime,
} from './ports.ts';

/** What supervising needs. */
export interface SuperviseDeps {
  readonly store: ContainerStore;
  readonly files: ContainerFiles;
  readonly runtime: Runtime;
  readonly network: EngineNetwork;
  readonly cleaner: Cleaner;
  readonly nowNs: () => bigint;
  readonly fault: Fault;
  readonly log: Log;
  /** Ends the supervision; containers go on. */
  readonly signal: AbortSignal;
}

/** Sees containers to their end. */
export interface Supervisor {
  /** Follows a container that runs, records its exit, cleans up. */
  supervise(active: ActiveContainerControl, connection: ProcessConnection | null): void;
  /** Records that a container has ended, and cleans up. `connection` is the one that told so; null when its keeper is gone. */
  finish(active: ActiveContainerControl, exit: ProcessExit, connection: ProcessConnection | null): Promise<void>;
}

const KEEPER_CLEAN_UP_MS = 5_000;

/** A supervisor of all containers. */
export function createSupervisor(deps: SuperviseDeps): Supervisor {
  const { store, files, network, cleaner, fault, log, signal } = deps;

  async function follow(active: ActiveContainerControl, first: ProcessConnection | null): Promise<void> {
    let last = first;
    const { stateDir } = files.paths(active.id);
    const exit = await followProcess(deps, {
      stateDir,
      connection: first,
      onConnection(connection) {
        last = connection;
        active.useConnection(connection);
      },
    });
    await finish(active, exit, exit.error === '' ? last : null);
  }

  async function finish(
    active: ActiveContainerControl,
    exit: ProcessExit,
    connection: ProcessConnection | null,
  ): Promise<void> {
    fault('exit:heard');
    const { before, leftover } = await untilDone('exit not recorded', () => recordExit(active, exit));
    fault('exit:recorded');
    active.markEnded(exit);
    log.info({ containerId: active.id, exitCode: exit.exitCode }, 'container exited');
    await untilDone('run not cleaned up', () => releaseRun(before, connection));
    fault('release:runtime');
    if (leftover !== null) await cleaner.clean(leftover);
    else releaseAddress(before);
    active.markReleased();
  }

  function recordExit(
    active: ActiveContainerControl,
    exit: ProcessExit,
  ): { before: Container; leftover: Leftover | null } {
    const before = store.get(active.id);
    if (before === null) throw new Error(`active container ${active.id} has no row`);
    const events = exitEvents(before, exit, network.identity);
    if (active.stopRequested) events.push(containerEvent(before, 'stop'));
    if (before.config.autoRemove) {
      const leftover = leftoverOf(before, { deleteAnonymous: true });
      store.remove(before, leftover, [...events, containerEvent(before, 'destroy')]);
      return { before, leftover };
    }
    const { exitCode, oomKilled, timeNs, error } = exit;
    const after = advance(before, 'exit', { pid: 0, exitCode, oomKilled, error, finishTimeNs: timeNs });
    store.replace(before, after, events);
    return { before, leftover: null };
  }

  /** A keeper cleans up by itself before it ends its connections. Where it does not, the spawner does it in its place. */
  async function releaseRun({ id }: Container, connection: ProcessConnection | null): Promise<void> {
    const keeperIsDone = connection !== null && (await settlesWithin(connection.closed, KEEPER_CLEAN_UP_MS));
    if (keeperIsDone) files.removeRuntime(id);
    else await cleaner.cleanRuntime(id);
  }

  function releaseAddress({ id, state: { endpoint } }: Container): void {
    if (endpoint === null) return;
    const current = store.get(id);
    if (current !== null) store.replace(current, { ...current, state: { ...current.state, endpoint: null } }, []);
    network.release(endpoint.address);
  }

  /** What ended must be recorded and cleaned up: a full disk or a helper that is down only delays it. */
  function untilDone<Result>(message: string, run: () => Result | Promise<Result>): Promise<Result> {
    return retryUntilDone(run, { signal, onError: (error) => log.error({ err: error }, message) });
  }

  return {
    finish,
    supervise(active, connection) {
      follow(active, connection).catch((error: unknown) => {
        if (!signal.aborted) log.error({ containerId: active.id, err: error }, 'supervision ended');
        active.fail(error);
      });
    },
  };
}

/** What a container leaves when its row goes. */
export function leftoverOf(container: Container, { deleteAnonymous }: { deleteAnonymous: boolean }): Leftover {
  const hasVolumes = container.mounts.some(({ type }) => type === 'volume');
  const release = deleteAnonymous ? 'delete-anonymous' : 'release';
  return {
    containerId: container.id,
    address: container.state.endpoint?.address ?? null,
    volumes: hasVolumes ? release : 'none',
  };
}

async function settlesWithin(promise: Promise<void>, timeoutMs: number): Promise<boolean> {
  const timeout = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => timeout.resolve(false), timeoutMs);
  const settled = await Promise.race([promise.then(() => true), timeout.promise]);
  clearTimeout(timer);
  return settled;
}

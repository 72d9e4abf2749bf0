import { setTimeout as sleep } from 'node:timers/promises';
import { BerthError, isBerthError } from '@berth/errors';
import type { ActiveContainer, ActiveContainers } from './active-containers.ts';
import type { Cleaner } from './clean-leftovers.ts';
import { isActive, isUp, type Container } from './container.ts';
import { containerEvent, killEvent } from './events.ts';
import type { Fault } from './fault.ts';
import { findContainer } from './find-container.ts';
import type { Freezer } from './freeze-containers.ts';
import { LONGEST_TIMER_MS } from './longest-timer.ts';
import type { ProcessExit } from './ports/process.ts';
import type { ContainerStore } from './ports/stores.ts';
import type { Removals } from './removals.ts';
import type { Restarter } from './restart-containers.ts';
import { parseSignal } from './spec/signal.ts';
import type { ContainerStarter, StartedContainer, StartOptions } from './start-container.ts';
import { leftoverOf, usesVolumes } from './supervise-container.ts';

/** What controlling needs. */
export interface ControlDeps {
  readonly store: ContainerStore;
  readonly actives: ActiveContainers;
  readonly starter: ContainerStarter;
  readonly restarter: Restarter;
  readonly freezer: Freezer;
  readonly removals: Removals;
  readonly cleaner: Cleaner;
  readonly fault: Fault;
}

/** What can be done to containers that exist. References are ids, names, or unique prefixes of ids; an unknown one throws. */
export interface ContainerControl {
  /** Starts a container unless it runs or will by itself; null then. Throws CONTAINER_PAUSED, and as ContainerStarter. */
  start(reference: string, options: StartByUser): Promise<StartedContainer | null>;
  /** Sends the stop signal, waits, then kills. Does nothing to one that does not run. */
  stop(reference: string, options: StopOptions): Promise<void>;
  /** Stops a container when it runs, then starts it. One with auto_remove stays. Throws as ContainerStarter. */
  restart(reference: string, options: StopOptions): Promise<void>;
  /**
   * Sends a signal; waits for the end when it is SIGKILL. With SIGKILL and its stop signal the container counts as stopped: its restart policy
   * lets it be. Throws CONTAINER_NOT_RUNNING.
   */
  kill(reference: string, signal: string): Promise<void>;
  /** Kills a container as a fault of its own would end it: its restart policy starts it again. Does nothing to one that does not run. */
  crash(reference: string): Promise<void>;
  /** Removes a container. Throws CONTAINER_RUNNING without force. */
  remove(reference: string, options: { force: boolean; volumes: boolean }): Promise<void>;
  /** Waits for what the condition names, and tells how the last run ended. `signal` ends the waiting. */
  wait(reference: string, condition: WaitCondition, signal: AbortSignal): Promise<Omit<ProcessExit, 'timeNs'>>;
}

/** How a user starts a container. */
export type StartByUser = Pick<StartOptions, 'terminalSize' | 'attach'>;

/** `not-running` is true at once for one that waits for its next start, `next-exit` also waits for one that does not run. */
export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

/** How to stop. */
export interface StopOptions {
  /** Null: the container's own. Negative: wait forever. */
  readonly timeoutSeconds: number | null;
  /** Empty: the container's own. */
  readonly signal: string;
}

const SIGKILL = 9;
/** As long as Docker waits, in all. */
const KILL = { attempts: 10, waitSeconds: 1 };

/** What can be done to containers that exist. */
export function createContainerControl(deps: ControlDeps): ContainerControl {
  const { store, actives, starter, restarter, freezer, removals, cleaner, fault } = deps;

  async function start(reference: string, options: StartByUser): Promise<StartedContainer | null> {
    for (;;) {
      const container = findContainer(store, reference);
      const active = actives.get(container.id);
      const { status } = container.state;
      if (status === 'paused') {
        throw new BerthError('CONTAINER_PAUSED', 'cannot start a paused container, try unpause instead');
      }
      if (isActive(container)) {
        await active?.started;
        return null;
      }
      if (status === 'restarting') return null;
      if (active === null)
        return starter.start(container, { ...options, snapshot: null, early: null, byPolicy: false });
      await active.released;
    }
  }

  async function stop(reference: string, { timeoutSeconds, signal }: StopOptions): Promise<void> {
    const container = findContainer(store, reference);
    const number = signal === '' ? container.stopSignal : parseSignal(signal);
    restarter.cancel(container);
    const active = runningOf(container);
    if (active === null) return;
    active.stopRequested = true;
    await sendStop(container.id, active, number);
    const seconds = timeoutSeconds ?? container.stopTimeoutSeconds;
    if (await endsWithin(active, seconds)) return;
    await killAll(container, active);
  }

  async function restart(reference: string, options: StopOptions): Promise<void> {
    const container = findContainer(store, reference);
    const active = runningOf(container);
    if (active !== null) active.restartRequested = true;
    await stop(container.id, options);
    await active?.released;
    fault('restart:stopped');
    await start(container.id, { terminalSize: null, attach: false });
    store.tell([containerEvent(findContainer(store, container.id), 'restart')]);
  }

  async function kill(reference: string, signal: string): Promise<void> {
    try {
      await sendOrKill(findContainer(store, reference), signal);
    } catch (error) {
      if (!isBerthError(error)) throw error;
      throw new BerthError(error.reason, `cannot kill container: ${reference}: ${error.message}`);
    }
  }

  async function sendOrKill(container: Container, signal: string): Promise<void> {
    const number = signal === '' ? SIGKILL : parseSignal(signal);
    const isStop = number === SIGKILL || number === container.stopSignal;
    if (isStop && container.state.status === 'restarting') {
      restarter.cancel(container);
      return;
    }
    const active = runningOf(container);
    if (active === null) {
      throw new BerthError('CONTAINER_NOT_RUNNING', `container ${container.id} is not running`);
    }
    if (isStop) await sendStop(container.id, active, number);
    else await send(container, active, number);
    if (number === SIGKILL) await seeToEnd(container, active);
  }

  async function crash(reference: string): Promise<void> {
    const container = findContainer(store, reference);
    const active = runningOf(container);
    if (active === null) return;
    const connection = await active.connection();
    store.tell([killEvent(container, SIGKILL)]);
    connection.killAll();
    await seeToEnd(container, active);
  }

  async function remove(reference: string, options: { force: boolean; volumes: boolean }): Promise<void> {
    const { id } = findContainer(store, reference);
    for (;;) {
      const container = store.get(id);
      // One with auto_remove is gone by now.
      if (container === null) return;
      const active = actives.get(id);
      if (!options.force && (isActive(container) || isUp(container))) throw runningError(reference, container);
      if (active === null) {
        restarter.cancel(container);
        await removeEnded(store.get(id) ?? container, options.volumes);
        return;
      }
      if (isActive(container)) {
        active.removal = { deleteAnonymous: options.volumes };
        await killAll(container, active);
        // What is left is cleaned up off the path of the answer, but who removes a container may want to remove its volumes next.
        if (store.get(id) === null && !usesVolumes(container)) return;
      }
      // Somebody may start it again meanwhile: then its turn comes again.
      await active.released;
    }
  }

  async function removeEnded(container: Container, deleteAnonymous: boolean): Promise<void> {
    const leftover = leftoverOf(container, { deleteAnonymous });
    store.remove(container, leftover, [containerEvent(container, 'destroy')]);
    fault('remove:row');
    await cleaner.clean(leftover);
  }

  async function wait(
    reference: string,
    condition: WaitCondition,
    signal: AbortSignal,
  ): Promise<Omit<ProcessExit, 'timeNs'>> {
    const { id, state } = findContainer(store, reference);
    const active = actives.get(id);
    const runs = isActive(findContainer(store, id));
    if (condition === 'not-running') return runs && active !== null ? active.ended : state;
    const removed = removals.next(id, signal).then(() => state);
    if (condition === 'removed') {
      const [last] = await Promise.all([runs && active !== null ? active.ended : state, removed]);
      return last;
    }
    const run = runs && active !== null ? Promise.resolve(active) : actives.next(id);
    return Promise.race([run.then(({ ended }) => ended), removed]);
  }

  function runningOf(container: Container): ActiveContainer | null {
    return isActive(container) ? actives.get(container.id) : null;
  }

  /** From here on its end is no reason to start it again. A frozen process is thawed, or it could not obey. */
  async function sendStop(id: string, active: ActiveContainer, signal: number): Promise<void> {
    const connection = await active.connection();
    const container = store.get(id);
    if (container === null || !isActive(container)) return;
    const stopped = { ...container, state: { ...container.state, stoppedByUser: true } };
    store.replace(container, stopped, [killEvent(container, signal)]);
    fault('stop:row');
    connection.signal(signal);
    if (stopped.state.status === 'paused') await freezer.unpause(id);
  }

  async function send(container: Container, active: ActiveContainer, signal: number): Promise<void> {
    const connection = await active.connection();
    store.tell([killEvent(container, signal)]);
    connection.signal(signal);
  }

  /** Kills every process of a container that is starting or runs, and waits for its end. A start that fails is an end too. */
  async function killAll(container: Container, active: ActiveContainer): Promise<void> {
    try {
      const connection = await active.connection();
      const current = store.get(container.id) ?? container;
      const stopped = { ...current, state: { ...current.state, stoppedByUser: true } };
      store.replace(current, stopped, [killEvent(container, SIGKILL)]);
      connection.killAll();
      await seeToEnd(container, active);
    } catch (error) {
      const current = store.get(container.id);
      if (current !== null && isActive(current)) throw error;
    }
  }

  /**
   * Waits for the end of a container that was killed. When its keeper dies with the kill still in its socket, nobody obeys: then whoever
   * has taken the keeper's place gets another. Throws CONTAINER_NOT_KILLED when nothing helps, as with a process that a dead disk holds.
   */
  async function seeToEnd({ id }: Container, active: ActiveContainer): Promise<void> {
    for (let attempt = 0; attempt < KILL.attempts; attempt++) {
      if (await endsWithin(active, KILL.waitSeconds)) {
        await active.ended;
        return;
      }
      (await active.connection()).killAll();
    }
    throw new BerthError(
      'CONTAINER_NOT_KILLED',
      `tried to kill container ${id}, but did not receive an exit event: a process may hang in the kernel; try again`,
    );
  }

  return { start, stop, restart, kill, crash, remove, wait };
}

function runningError(reference: string, { state }: Container): BerthError {
  const what = `cannot remove container "${reference}": container is ${state.status}`;
  const how =
    state.status === 'paused' ? ' and must be unpaused first' : ': stop the container before removing or force remove';
  return new BerthError('CONTAINER_RUNNING', what + how);
}

async function endsWithin(active: ActiveContainer, seconds: number): Promise<boolean> {
  const ended = active.ended.then(
    () => true,
    () => true,
  );
  if (seconds < 0) return ended;
  const abort = new AbortController();
  const timeout = sleep(Math.min(seconds * 1000, LONGEST_TIMER_MS), false, { signal: abort.signal }).catch(() => false);
  const result = await Promise.race([ended, timeout]);
  abort.abort();
  return result;
}

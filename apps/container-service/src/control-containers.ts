import { setTimeout as sleep } from 'node:timers/promises';
import { BerthError } from '@berth/errors';
import type { ActiveContainer, ActiveContainers } from './active-containers.ts';
import type { Cleaner } from './clean-leftovers.ts';
import { isActive, type Container } from './container.ts';
import { containerEvent, killEvent } from './events.ts';
import type { Fault } from './fault.ts';
import { findContainer } from './find-container.ts';
import type { ContainerStore, ProcessExit } from './ports.ts';
import { parseSignal } from './spec/signal.ts';
import type { ContainerStarter, StartedContainer, StartOptions } from './start-container.ts';
import { leftoverOf } from './supervise-container.ts';

/** What controlling needs. */
export interface ControlDeps {
  readonly store: ContainerStore;
  readonly actives: ActiveContainers;
  readonly starter: ContainerStarter;
  readonly cleaner: Cleaner;
  readonly fault: Fault;
}

/** What can be done to containers that exist. References are ids, names, or unique prefixes of ids; an unknown one throws. */
export interface ContainerControl {
  /** Starts a container unless it runs; null when it ran already. Throws as ContainerStarter. */
  start(reference: string, options: Omit<StartOptions, 'snapshot'>): Promise<StartedContainer | null>;
  /** Sends the stop signal, waits, then kills. Does nothing to one that does not run. */
  stop(reference: string, options: StopOptions): Promise<void>;
  /** Sends a signal; waits for the end when it is SIGKILL. Throws CONTAINER_NOT_RUNNING. */
  kill(reference: string, signal: string): Promise<void>;
  /** Removes a container. Throws CONTAINER_RUNNING without force. */
  remove(reference: string, options: { force: boolean; volumes: boolean }): Promise<void>;
  /** Waits until a container does not run. */
  wait(reference: string): Promise<Omit<ProcessExit, 'timeNs'>>;
}

/** How to stop. */
export interface StopOptions {
  /** Null: the container's own. Negative: wait forever. */
  readonly timeoutSeconds: number | null;
  /** Empty: the container's own. */
  readonly signal: string;
}

const SIGKILL = 9;
/** A longer one would end at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What can be done to containers that exist. */
export function createContainerControl({ store, actives, starter, cleaner, fault }: ControlDeps): ContainerControl {
  async function start(reference: string, options: Omit<StartOptions, 'snapshot'>): Promise<StartedContainer | null> {
    for (;;) {
      const container = findContainer(store, reference);
      const active = actives.get(container.id);
      if (isActive(container)) {
        await active?.started;
        return null;
      }
      if (active === null) return starter.start(container, { ...options, snapshot: null });
      await active.released;
    }
  }

  async function stop(reference: string, { timeoutSeconds, signal }: StopOptions): Promise<void> {
    const container = findContainer(store, reference);
    const number = signal === '' ? container.stopSignal : parseSignal(signal);
    const active = runningOf(container);
    if (active === null) return;
    active.stopRequested = true;
    await send(container, active, number);
    const seconds = timeoutSeconds ?? container.stopTimeoutSeconds;
    if (await endsWithin(active, seconds)) return;
    await killAll(container, active);
  }

  async function kill(reference: string, signal: string): Promise<void> {
    const container = findContainer(store, reference);
    const number = signal === '' ? SIGKILL : parse(reference, signal);
    const active = runningOf(container);
    if (active === null) {
      throw new BerthError(
        'CONTAINER_NOT_RUNNING',
        `cannot kill container: ${reference}: container ${container.id} is not running`,
      );
    }
    await send(container, active, number);
    if (number === SIGKILL) await active.ended;
  }

  async function remove(reference: string, options: { force: boolean; volumes: boolean }): Promise<void> {
    const found = findContainer(store, reference);
    const active = actives.get(found.id);
    if (isActive(found)) {
      if (!options.force) throw runningError(reference);
      if (active !== null) await killAll(found, active);
    }
    await active?.released;
    const container = store.get(found.id);
    // One with auto_remove is gone by now.
    if (container === null) return;
    if (isActive(container)) throw runningError(reference);
    const leftover = leftoverOf(container, { deleteAnonymous: options.volumes });
    store.remove(container, leftover, [containerEvent(container, 'destroy')]);
    fault('remove:row');
    await cleaner.clean(leftover);
  }

  async function wait(reference: string): Promise<Omit<ProcessExit, 'timeNs'>> {
    const container = findContainer(store, reference);
    const active = runningOf(container);
    if (active !== null) return active.ended;
    return container.state;
  }

  function runningOf(container: Container): ActiveContainer | null {
    return isActive(container) ? actives.get(container.id) : null;
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
      store.tell([killEvent(container, SIGKILL)]);
      connection.killAll();
      await active.ended;
    } catch (error) {
      const current = store.get(container.id);
      if (current !== null && isActive(current)) throw error;
    }
  }

  return { start, stop, kill, remove, wait };
}

function parse(reference: string, signal: string): number {
  try {
    return parseSignal(signal);
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    throw new BerthError(error.reason, `cannot kill container: ${reference}: ${error.message}`);
  }
}

function runningError(reference: string): BerthError {
  return new BerthError(
    'CONTAINER_RUNNING',
    `cannot remove container "${reference}": container is running: stop the container before removing or force remove`,
  );
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

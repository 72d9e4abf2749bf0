import { BerthError } from '@berth/errors';
import { advance, type Container } from './container.ts';
import { containerEvent } from './events.ts';
import type { Fault } from './fault.ts';
import type { Log } from './ports/log.ts';
import type { ContainerStore } from './ports/stores.ts';
import type { ContainerStarter } from './start-container.ts';

/** What restarting needs. */
export interface RestartDeps {
  readonly store: ContainerStore;
  readonly starter: ContainerStarter;
  readonly fault: Fault;
  readonly log: Log;
  /** Aborted when the service stops: its next start goes on. */
  readonly signal: AbortSignal;
}

/** Starts containers again that have ended, each after its delay. */
export interface Restarter {
  /** Starts a container that is `restarting`, when its time has come. */
  schedule(id: string): void;
  /** Ends the waiting: the container stays exited, as one that was stopped. Does nothing to one that is not `restarting`. */
  cancel(container: Container): void;
}

/** The least time until a start is tried again that could not even begin. */
const NOT_EVEN_BEGUN_MS = 1_000;

/** A restarter of all containers. */
export function createRestarter({ store, starter, fault, log, signal }: RestartDeps): Restarter {
  const timers = new Map<string, NodeJS.Timeout>();
  signal.addEventListener('abort', () => timers.forEach((timer) => clearTimeout(timer)), { once: true });

  async function restart(id: string): Promise<void> {
    timers.delete(id);
    fault('restart:due');
    const container = store.get(id);
    if (container?.state.status !== 'restarting') return;
    // What it fails with is in the row, and whether it is tried again as well.
    await starter
      .start(container, { snapshot: null, early: null, terminalSize: null, attach: false, byPolicy: true })
      .catch(() => waitAgain(container));
  }

  /** A start without an address to give, or onto a full disk, has noted nothing: the row is as before. */
  function waitAgain({ id, state }: Container): void {
    if (store.get(id)?.state.status !== 'restarting' || timers.has(id)) return;
    arm(id, Math.max(state.restartDelayMs, NOT_EVEN_BEGUN_MS));
  }

  function arm(id: string, delayMs: number): void {
    if (signal.aborted) return;
    clearTimeout(timers.get(id));
    timers.set(id, setTimeout(() => void restart(id), delayMs).unref());
  }

  return {
    schedule(id) {
      fault('restart:waiting');
      const delayMs = store.get(id)?.state.restartDelayMs;
      if (delayMs === undefined) return;
      log.debug({ containerId: id, delayMs }, 'container will be started again');
      arm(id, delayMs);
    },
    cancel(container) {
      if (container.state.status !== 'restarting') return;
      clearTimeout(timers.get(container.id));
      timers.delete(container.id);
      const after = advance(container, 'exit', { stoppedByUser: true });
      store.replace(container, after, [containerEvent(container, 'stop')]);
    },
  };
}

/** What a call that needs a running container says of one that is frozen or about to be started again. */
export function notReadyError({ id, state }: Container, action: string): BerthError | null {
  switch (state.status) {
    case 'paused':
      return new BerthError('CONTAINER_PAUSED', `Container ${id} is paused, unpause the container before ${action}`);
    case 'restarting':
      return new BerthError(
        'CONTAINER_RESTARTING',
        `Container ${id} is restarting, wait until the container is running`,
      );
    default:
      return null;
  }
}

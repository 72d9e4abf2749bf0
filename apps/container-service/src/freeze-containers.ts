import { BerthError } from '@berth/errors';
import { advance, isActive, type Container } from './container.ts';
import { containerEvent } from './events.ts';
import { findContainer } from './find-container.ts';
import type { PlanBuilder } from './plan/build-plan.ts';
import type { ContainerStore, Runtime } from './ports.ts';
import { notReadyError } from './restart-containers.ts';

/** What freezing needs. */
export interface FreezeDeps {
  readonly store: ContainerStore;
  readonly runtime: Runtime;
  readonly plans: Pick<PlanBuilder, 'cgroupDir'>;
}

/** Pauses containers. References are ids, names, or unique prefixes of ids. */
export interface Freezer {
  /** Freezes all processes. Throws CONTAINER_NOT_RUNNING, CONTAINER_PAUSED, CONTAINER_RESTARTING. */
  pause(reference: string): Promise<void>;
  /** Thaws them. Throws CONTAINER_NOT_PAUSED, CONTAINER_NOT_RUNNING. */
  unpause(reference: string): Promise<void>;
  /** Makes the row of a container that is found running say what the kernel says, and returns it. */
  reconcile(container: Container): Container;
}

/** The kernel comes first and the row second: after a crash in between, `reconcile` asks the kernel. */
export function createFreezer({ store, runtime, plans }: FreezeDeps): Freezer {
  async function pause(reference: string): Promise<void> {
    const found = expectRunning(findContainer(store, reference));
    const { id } = found;
    const dir = plans.cgroupDir(found);
    await runtime.setFrozen(dir, true).catch((error: unknown) => {
      expectRunning(findContainer(store, id));
      throw error;
    });
    const container = expectRunning(findContainer(store, id));
    try {
      store.replace(container, advance(container, 'pause', {}), [containerEvent(container, 'pause')]);
    } catch (error) {
      await runtime.setFrozen(dir, false);
      throw error;
    }
  }

  async function unpause(reference: string): Promise<void> {
    const found = expectPaused(findContainer(store, reference));
    const { id } = found;
    await runtime.setFrozen(plans.cgroupDir(found), false).catch((error: unknown) => {
      // It may have been killed just now.
      if (store.get(id)?.state.status === 'paused') throw error;
    });
    const container = store.get(id);
    if (container?.state.status !== 'paused') return;
    store.replace(container, advance(container, 'unpause', {}), [containerEvent(container, 'unpause')]);
  }

  function reconcile(container: Container): Container {
    const isFrozen = runtime.isFrozen(plans.cgroupDir(container));
    if (isFrozen === (container.state.status === 'paused')) return container;
    const verb = isFrozen ? 'pause' : 'unpause';
    const after = advance(container, verb, {});
    store.replace(container, after, [containerEvent(container, verb)]);
    return after;
  }

  return { pause, unpause, reconcile };
}

function expectRunning(container: Container): Container {
  if (container.state.status === 'running') return container;
  if (container.state.status === 'paused') {
    throw new BerthError('CONTAINER_PAUSED', `Container ${container.id} is already paused`);
  }
  throw notReadyError(container, 'pause') ?? notRunning(container);
}

function expectPaused(container: Container): Container {
  if (container.state.status === 'paused') return container;
  if (!isActive(container)) throw notRunning(container);
  throw new BerthError('CONTAINER_NOT_PAUSED', `Container ${container.id} is not paused`);
}

function notRunning({ id }: Container): BerthError {
  return new BerthError('CONTAINER_NOT_RUNNING', `Container ${id} is not running`);
}

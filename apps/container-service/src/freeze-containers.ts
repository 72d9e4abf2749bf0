import { BerthError, isBerthError } from '@berth/errors';
import { advance, type Container } from './container.ts';
import { containerEvent } from './events.ts';
import type { Fault } from './fault.ts';
import { findContainer } from './find-container.ts';
import type { PlanBuilder } from './plan/build-plan.ts';
import type { Runtime } from './ports/runtime.ts';
import type { ContainerStore } from './ports/stores.ts';
import { notReadyError } from './restart-containers.ts';

/** What freezing needs. */
export interface FreezeDeps {
  readonly store: ContainerStore;
  readonly runtime: Runtime;
  readonly plans: Pick<PlanBuilder, 'cgroupDir'>;
  readonly fault: Fault;
}

/** Pauses containers. References are ids, names, or unique prefixes of ids. */
export interface Freezer {
  /** Freezes all processes. Throws CONTAINER_NOT_RUNNING, CONTAINER_PAUSED, CONTAINER_RESTARTING. */
  pause(reference: string): Promise<void>;
  /** Thaws them. Throws CONTAINER_NOT_PAUSED, CONTAINER_NOT_RUNNING. */
  unpause(reference: string): Promise<void>;
  /** Does something while a container stands still; one that does not run stays as it is. Its row tells nothing of it. */
  whileFrozen<Result>(id: string, work: () => Promise<Result>): Promise<Result>;
  /** Freezes or thaws a container that is found running, so that it is what its row says. */
  reconcile(container: Container): Promise<void>;
}

/** The kernel comes first and the row, with the event, second: what a crash leaves in between was never answered, and `reconcile` undoes it. */
export function createFreezer({ store, runtime, plans, fault }: FreezeDeps): Freezer {
  async function pause(reference: string): Promise<void> {
    const found = expectRunning(findContainer(store, reference));
    const { id } = found;
    const dir = plans.cgroupDir(found);
    await runtime.setFrozen(dir, true).catch((error: unknown) => {
      expectRunning(findContainer(store, id));
      throw isGone(error) ? notRunning(found) : error;
    });
    fault('pause:frozen');
    const container = expectRunning(findContainer(store, id));
    try {
      store.replace(container, advance(container, 'pause', {}), [containerEvent(container, 'pause')]);
    } catch (error) {
      await runtime.setFrozen(dir, false).catch(unlessGone);
      throw error;
    }
  }

  async function unpause(reference: string): Promise<void> {
    const found = expectPaused(findContainer(store, reference));
    const { id } = found;
    await runtime.setFrozen(plans.cgroupDir(found), false).catch(unlessGone);
    fault('unpause:thawed');
    const container = store.get(id);
    if (container?.state.status !== 'paused') return;
    store.replace(container, advance(container, 'unpause', {}), [containerEvent(container, 'unpause')]);
  }

  async function whileFrozen<Result>(id: string, work: () => Promise<Result>): Promise<Result> {
    const container = findContainer(store, id);
    if (container.state.status !== 'running') return work();
    const dir = plans.cgroupDir(container);
    await runtime.setFrozen(dir, true).catch(unlessGone);
    try {
      return await work();
    } finally {
      await restore(container);
    }
  }

  /** Makes the kernel do what the row says. */
  async function restore(container: Container): Promise<void> {
    const dir = plans.cgroupDir(container);
    const status = store.get(container.id)?.state.status;
    if (status !== 'running' && status !== 'paused') return;
    await runtime.setFrozen(dir, status === 'paused').catch(unlessGone);
  }

  async function reconcile(container: Container): Promise<void> {
    const isFrozen = runtime.isFrozen(plans.cgroupDir(container));
    if (isFrozen !== (container.state.status === 'paused')) await restore(container);
  }

  return { pause, unpause, whileFrozen, reconcile };
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
  throw new BerthError('CONTAINER_NOT_PAUSED', `Container ${container.id} is not paused`);
}

/** It has ended just now; its row says so in a moment. */
function isGone(error: unknown): boolean {
  return isBerthError(error, 'CONTAINER_NOT_RUNNING');
}

function unlessGone(error: unknown): void {
  if (!isGone(error)) throw error;
}

function notRunning({ id }: Container): BerthError {
  return new BerthError('CONTAINER_NOT_RUNNING', `Container ${id} is not running`);
}

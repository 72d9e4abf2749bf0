import { BerthError } from '@berth/errors';
import { findContainer } from './find-container.ts';
import type { PlanBuilder } from './plan/build-plan.ts';
import type { Processes } from './ports/runtime.ts';
import type { ContainerStore } from './ports/stores.ts';
import { parsePsArguments } from './processes/ps-arguments.ts';

/** What listing processes needs. */
export interface ListProcessesDeps {
  readonly store: ContainerStore;
  readonly plans: PlanBuilder;
  readonly processes: Processes;
}

/** The processes of a container in the words of ps(1). */
export interface ProcessTable {
  readonly titles: readonly string[];
  /** A row for each process, with a cell for each title. */
  readonly rows: readonly (readonly string[])[];
}

/** Lists the processes of a container that runs. Throws as findContainer, CONTAINER_NOT_RUNNING, INVALID_ARGUMENT. */
export type ProcessLister = (reference: string, psArguments: readonly string[]) => Promise<ProcessTable>;

/** A lister for all containers. */
export function createProcessLister({ store, plans, processes }: ListProcessesDeps): ProcessLister {
  return async (reference, psArguments) => {
    const columns = parsePsArguments(psArguments);
    const container = findContainer(store, reference);
    const { id, state } = container;
    if (state.status === 'restarting') {
      throw new BerthError(
        'CONTAINER_NOT_RUNNING',
        `Container ${id} is restarting, wait until the container is running`,
      );
    }
    if (state.status !== 'running' && state.status !== 'paused') {
      throw new BerthError('CONTAINER_NOT_RUNNING', `container ${id} is not running`);
    }
    const [found, host] = [await processes.list(plans.cgroupDir(container)), processes.host()];
    return {
      titles: columns.map(({ title }) => title),
      rows: found.map((process) => columns.map(({ show }) => show(process, host))),
    };
  };
}

import { BerthError } from '@berth/errors';
import type { ContainerControl } from './control-containers.ts';
import { isActive, type Container } from './container.ts';
import { pruneEvent } from './events.ts';
import type { ImageClient } from './ports/images.ts';
import type { ContainerStore } from './ports/stores.ts';
import { parsePruneFilters, type Filter } from './spec/prune-filters.ts';

/** What pruning needs. */
export interface PruneDeps {
  readonly store: ContainerStore;
  readonly images: ImageClient;
  readonly control: Pick<ContainerControl, 'remove'>;
  readonly nowNs: () => bigint;
}

/** What was removed. */
export interface Pruned {
  readonly ids: readonly string[];
  readonly reclaimedBytes: number;
}

/** Removes all containers that do not run and that the filters let through. Throws INVALID_ARGUMENT, and ABORTED while another runs. */
export type PruneContainers = (filters: readonly Filter[]) => Promise<Pruned>;

/** A pruner. One prune at a time, as in Docker. */
export function createPruneContainers({ store, images, control, nowNs }: PruneDeps): PruneContainers {
  let isRunning = false;

  async function prune(matches: (container: Container) => boolean): Promise<Pruned> {
    const candidates = store.list().filter((container) => isEnded(container) && matches(container));
    const sizes = await images.measureSnapshots(candidates.map(({ id }) => id));
    const ids: string[] = [];
    for (const { id } of candidates) {
      const current = store.get(id);
      // It may have been started, or removed, since it was measured.
      if (current === null || !isEnded(current)) continue;
      await control.remove(id, { force: false, volumes: false });
      ids.push(id);
    }
    const reclaimedBytes = ids.reduce((sum, id) => sum + (sizes.get(id) ?? 0), 0);
    store.tell([pruneEvent(reclaimedBytes)]);
    return { ids, reclaimedBytes };
  }

  return async (filters) => {
    const matches = parsePruneFilters(filters, nowNs());
    if (isRunning) throw new BerthError('ABORTED', 'a prune operation is already running');
    isRunning = true;
    try {
      return await prune(matches);
    } finally {
      isRunning = false;
    }
  };
}

function isEnded(container: Container): boolean {
  return !isActive(container) && container.state.status !== 'restarting';
}

import { BerthError, isBerthError } from '@berth/errors';
import type { VolumeStore } from './ports.ts';
import { parsePruneFilters, type VolumeFilter } from './volume-filters.ts';
import type { Volumes } from './volumes.ts';

/** What pruning needs. */
export interface PruneDeps {
  readonly store: Pick<VolumeStore, 'list' | 'tell'>;
  readonly volumes: Pick<Volumes, 'measure' | 'remove'>;
}

/** What was removed. */
export interface PrunedVolumes {
  readonly names: readonly string[];
  readonly reclaimedBytes: number;
}

/** Removes the volumes that no container has and that the filters let through. Throws INVALID_ARGUMENT, and ABORTED while another runs. */
export type PruneVolumes = (filters: readonly VolumeFilter[]) => Promise<PrunedVolumes>;

/** A pruner. One prune at a time, as in Docker. */
export function createPruneVolumes({ store, volumes }: PruneDeps): PruneVolumes {
  let isRunning = false;

  /** False when it has come into use since it was listed, or somebody else was faster. */
  async function remove(name: string): Promise<boolean> {
    try {
      await volumes.remove(name, { force: false });
      return true;
    } catch (error) {
      if (isBerthError(error, 'VOLUME_IN_USE', 'VOLUME_NOT_FOUND')) return false;
      throw error;
    }
  }

  async function prune(filters: readonly VolumeFilter[]): Promise<PrunedVolumes> {
    const fits = parsePruneFilters(filters);
    const unused = store
      .list()
      // A snapshot has no container by its nature.
      .filter((volume) => volume.containerIds.length === 0 && volume.snapshotOf === null && fits(volume));
    const sizes = await volumes.measure(unused.map(({ name }) => name));
    const names: string[] = [];
    for (const { name } of unused) if (await remove(name)) names.push(name);
    const reclaimedBytes = names.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
    store.tell({ verb: 'prune', volume: '', attributes: { reclaimed: String(reclaimedBytes) } });
    return { names, reclaimedBytes };
  }

  return async (filters) => {
    if (isRunning) throw new BerthError('ABORTED', 'a prune operation is already running');
    isRunning = true;
    try {
      return await prune(filters);
    } finally {
      isRunning = false;
    }
  };
}

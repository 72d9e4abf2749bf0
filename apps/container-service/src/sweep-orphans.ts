import type { Cleaner } from './clean-leftovers.ts';
import type { ContainerCreator } from './create-container.ts';
import type { Networks } from './network/networks.ts';
import type { ContainerFiles } from './ports/files.ts';
import type { ImageClient } from './ports/images.ts';
import type { Log } from './ports/log.ts';
import type { ContainerStore } from './ports/stores.ts';
import type { VolumeClient } from './ports/volumes.ts';
import { snapshotOwner } from './make-mounts.ts';
import { retryUntilDone } from './retry-until-done.ts';

/** What sweeping needs. */
export interface SweepDeps {
  readonly store: ContainerStore;
  readonly files: ContainerFiles;
  readonly images: ImageClient;
  readonly volumes: VolumeClient;
  readonly cleaner: Cleaner;
  readonly creator: ContainerCreator;
  readonly networks: Pick<Networks, 'sweep'>;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Removes what belongs to no container. Tries until the other services answer; rejects only when the service stops. */
export type SweepOrphans = () => Promise<void>;

/** What crashes between two steps have left is recognized by this: a row comes last when something is made, and goes first. */
export function createSweepOrphans(deps: SweepDeps): SweepOrphans {
  const { store, files, cleaner, log, signal } = deps;

  async function sweep(): Promise<void> {
    for (const leftover of store.listLeftovers()) await cleaner.clean(leftover);
    const sweeps = [sweepFiles, sweepSnapshots, sweepVolumes, deps.networks.sweep];
    const onError = (error: unknown): void => log.warn({ err: error }, 'orphans not swept, will try again');
    await Promise.all(sweeps.map((run) => retryUntilDone(run, { signal, onError })));
  }

  async function sweepFiles(): Promise<void> {
    for (const id of files.list().filter(isOrphan)) {
      log.warn({ containerId: id }, 'files of no container removed');
      if (files.hasRuntime(id)) await cleaner.cleanRuntime(id);
      await files.remove(id);
    }
  }

  async function sweepSnapshots(): Promise<void> {
    const owners = new Set((await deps.images.listSnapshots()).map(snapshotOwner));
    for (const id of [...owners].filter(isOrphan)) {
      log.info({ containerId: id }, 'snapshot of no container removed');
      await deps.images.deleteSnapshot(id);
    }
  }

  async function sweepVolumes(): Promise<void> {
    for (const id of (await deps.volumes.listUsers()).filter(isOrphan)) {
      log.info({ containerId: id }, 'volumes of no container released');
      await deps.volumes.release(id, { deleteAnonymous: true });
    }
  }

  /** Asked after the list was made: a container that came since is known, or is being created. */
  function isOrphan(id: string): boolean {
    if (store.get(id) !== null || deps.creator.isCreating(id)) return false;
    return !store.listLeftovers().some(({ containerId }) => containerId === id);
  }

  return sweep;
}

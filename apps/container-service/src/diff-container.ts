import { findContainer } from './find-container.ts';
import { ENGINE_MOUNT_POINTS } from './plan/mounts.ts';
import type { ImageClient, PathChange } from './ports/images.ts';
import type { ContainerStore } from './ports/stores.ts';

export interface DiffDeps {
  readonly store: ContainerStore;
  readonly images: Pick<ImageClient, 'diffSnapshot'>;
}

/** Tells what a container has changed of its image, by path. Throws as findContainer; SERVICE_UNAVAILABLE. */
export type ContainerDiffer = (reference: string, signal: AbortSignal) => Promise<PathChange[]>;

export function createContainerDiffer({ store, images }: DiffDeps): ContainerDiffer {
  return async (reference, signal) =>
    images.diffSnapshot(findContainer(store, reference).id, ENGINE_MOUNT_POINTS, signal);
}

import type { Leases } from './leases.ts';
import type { ImageStore, LayerStore, SnapshotDirectories, SnapshotStore } from './ports.ts';

export interface RecoverDeps {
  readonly images: ImageStore;
  readonly snapshots: SnapshotStore;
  readonly layers: LayerStore;
  readonly directories: SnapshotDirectories;
  readonly leases: Pick<Leases, 'endUnused'>;
  /** Of this boot of the host. */
  readonly bootId: string;
  readonly nowMs: () => number;
  /** Told of each image that a power cut took. */
  readonly onImageLost: (imageId: string) => void;
  /** Told what could not be removed: the next start tries again. */
  readonly onFailure: (what: string, error: unknown) => void;
}

/**
 * Finishes what a crash interrupted. What is on disk and what the database says agree when it returns; resolves once the data
 * that nobody needs is removed.
 */
export async function recover(deps: RecoverDeps): Promise<void> {
  const { images, snapshots, layers, directories, leases, onImageLost, onFailure } = deps;
  dropLostSnapshots(deps);
  for (const imageId of images.removeLost(deps.bootId)) onImageLost(imageId);
  const removals = [
    ...images.collect(() => false).layers.map((layer) => layers.remove(layer.name)),
    ...without(layers.list(), images.listLayers()).map((name) => layers.remove(name)),
    ...without(directories.list(), snapshots.list()).map((name) => directories.remove(name)),
    layers.sweep(),
    directories.sweep(),
  ];
  leases.endUnused();
  for (const result of await Promise.allSettled(removals)) {
    if (result.status === 'rejected') onFailure('sweep', result.reason);
  }
}

function without(names: readonly string[], rows: readonly { name: string }[]): string[] {
  const known = new Set(rows.map((row) => row.name));
  return names.filter((name) => !known.has(name));
}

/** Rows of snapshots whose directories a power cut took. */
function dropLostSnapshots({ snapshots, directories, nowMs }: RecoverDeps): void {
  const present = new Set(directories.list());
  for (const { key, name } of snapshots.list()) {
    if (!present.has(name)) snapshots.remove(key, nowMs());
  }
}

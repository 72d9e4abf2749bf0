import type {
  ContentClient,
  ImageStore,
  ImportLeases,
  LayerStore,
  SnapshotDirectories,
  SnapshotStore,
} from './ports.ts';

export interface RecoverDeps {
  readonly images: ImageStore;
  readonly snapshots: SnapshotStore;
  readonly layers: LayerStore;
  readonly directories: SnapshotDirectories;
  readonly leases: ImportLeases;
  readonly content: ContentClient;
  /** Told what could not be done: it is tried again at the next start. */
  readonly onFailure: (what: string, error: unknown) => void;
}

/**
 * Finishes what a crash interrupted. What is on disk and what the database says agree when it returns; resolves once the data
 * that nobody needs is removed.
 */
export function recover(deps: RecoverDeps): Promise<void> {
  const { images, snapshots, layers, directories, onFailure } = deps;
  const removals = [
    ...images.collect(() => false).layers.map((layer) => layers.remove(layer.name)),
    ...without(layers.list(), images.listLayers()).map((name) => layers.remove(name)),
    ...without(directories.list(), snapshots.list()).map((name) => directories.remove(name)),
  ];
  dropLostSnapshots(deps);
  const sweeps = [...removals, layers.sweep(), directories.sweep(), endImports(deps)];
  return Promise.all(sweeps.map((sweep) => sweep.catch((error: unknown) => onFailure('sweep', error)))).then(() => {});
}

function without(names: readonly string[], rows: readonly { name: string }[]): string[] {
  const known = new Set(rows.map((row) => row.name));
  return names.filter((name) => !known.has(name));
}

/** Rows of snapshots whose directories a power cut took. */
function dropLostSnapshots({ snapshots, directories }: RecoverDeps): void {
  const present = new Set(directories.list());
  for (const { key, name } of snapshots.list()) {
    if (!present.has(name)) snapshots.remove(key);
  }
}

async function endImports({ leases, content }: RecoverDeps): Promise<void> {
  for (const lease of leases.list()) {
    await content.setLease(lease, []);
    leases.remove(lease);
  }
}

import { BerthError } from '@berth/errors';
import type { PathChange } from '@berth/layers';
import { lowerDirsOf } from './image.ts';
import type { ImageStore, LayerStore, SnapshotDirectories, SnapshotSource, SnapshotStore } from './ports.ts';

export interface DiffDeps {
  readonly images: Pick<ImageStore, 'layersOf'>;
  readonly snapshots: Pick<SnapshotStore, 'get'>;
  readonly layers: Pick<LayerStore, 'changes'>;
  readonly directories: Pick<SnapshotDirectories, 'upperDir'>;
}

/** Tells what the snapshot of that key changes, by path. Throws SNAPSHOT_NOT_FOUND, LAYER_INVALID, LAYER_LIMIT, CANCELLED. */
export type DiffSnapshot = (key: string, mountPoints: readonly string[], signal: AbortSignal) => Promise<PathChange[]>;

export function createDiffSnapshot(deps: DiffDeps): DiffSnapshot {
  return async (key, mountPoints, signal) => deps.layers.changes(sourceOf(deps, key, mountPoints), signal);
}

/** The writable layer of a snapshot and what is below it. Throws SNAPSHOT_NOT_FOUND. */
export function sourceOf(
  { images, snapshots, directories }: Omit<DiffDeps, 'layers'>,
  key: string,
  mountPoints: readonly string[],
): SnapshotSource {
  const snapshot = snapshots.get(key);
  if (snapshot === null) throw new BerthError('SNAPSHOT_NOT_FOUND', `No such snapshot: ${key}`);
  const lowerDirs = lowerDirsOf(images.layersOf(snapshot.imageId));
  return { upperDir: directories.upperDir(snapshot.name), lowerDirs, mountPoints };
}

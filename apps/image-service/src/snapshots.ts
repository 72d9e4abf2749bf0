import { BerthError } from '@berth/errors';
import type { RootAttributes } from '@berth/layers';
import { lowerDirsOf, rootAttributesOf, type ImageRecord, type Snapshot } from './image.ts';
import { createNames, type LayerPool } from './layer-pool.ts';
import type { Leases } from './leases.ts';
import { lookUpImage } from './lookup.ts';
import type { ImageStore, LayerStore, SnapshotDirectories, SnapshotStore } from './ports.ts';

/** A container's file system, ready to be mounted. */
export interface PreparedSnapshot {
  readonly key: string;
  readonly layersDir: string;
  /** Relative to layersDir, uppermost first. */
  readonly lowerDirs: readonly string[];
  readonly upperDir: string;
  readonly workDir: string;
  /** /etc/passwd, empty when there is none. */
  readonly passwd: Uint8Array;
  readonly group: Uint8Array;
  readonly image: ImageRecord;
}

export interface Snapshots {
  /** Makes the snapshot of that key from an image, or returns it as it is. Throws as lookUpImage, INVALID_ARGUMENT, DISK_FULL. */
  prepare(key: string, imageName: string): PreparedSnapshot;
  /** Resolves once the snapshot is out of its place; its data goes in the background. Idempotent. */
  delete(key: string): void;
  list(): string[];
}

export interface SnapshotsDeps {
  readonly images: ImageStore;
  readonly snapshots: SnapshotStore;
  readonly layers: Pick<LayerStore, 'dir'>;
  readonly directories: SnapshotDirectories;
  readonly pool: Pick<LayerPool, 'isPinned' | 'discard'>;
  readonly leases: Pick<Leases, 'endUnused'>;
  /** Reads a file of a stack of directories, uppermost first; null when it is not a regular file of at most `maxBytes`. */
  readonly readFile: (directories: readonly string[], path: string, maxBytes: number) => Uint8Array | null;
  readonly nowMs: () => number;
  readonly onRemovalFailed: (name: string, error: unknown) => void;
}

/** What all snapshots of an image have alike. Images do not change, so it is found once. */
interface Base {
  readonly lowerDirs: readonly string[];
  readonly root: RootAttributes;
  readonly passwd: Uint8Array;
  readonly group: Uint8Array;
}

const ACCOUNT_FILE_MAX_BYTES = 1024 * 1024;
const NOTHING = new Uint8Array();
/** Images whose base is remembered, and the most that one may take to be. */
const CACHE = { images: 64, accountBytes: 64 * 1024 };
const KEY = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;

export function createSnapshots(deps: SnapshotsDeps): Snapshots {
  const { images, snapshots, layers, directories, pool, leases, readFile, nowMs, onRemovalFailed } = deps;
  const bases = new Map<string, Base>();
  const nextName = createNames([...directories.list(), ...snapshots.list().map(({ name }) => name)]);

  function readAccounts(stack: readonly string[]): Pick<Base, 'passwd' | 'group'> {
    const read = (path: string) => readFile(stack, path, ACCOUNT_FILE_MAX_BYTES) ?? NOTHING;
    return { passwd: read('etc/passwd'), group: read('etc/group') };
  }

  function baseOf(imageId: string): Base {
    const known = bases.get(imageId);
    if (known !== undefined) return known;
    const stack = images.layersOf(imageId);
    const lowerDirs = lowerDirsOf(stack);
    const accounts = readAccounts(lowerDirs.map((name) => `${layers.dir}/${name}`));
    const base = { lowerDirs, root: rootAttributesOf(stack), ...accounts };
    if (accounts.passwd.length + accounts.group.length <= CACHE.accountBytes) remember(imageId, base);
    return base;
  }

  function remember(imageId: string, base: Base): void {
    const [oldest] = bases.keys();
    if (bases.size >= CACHE.images && oldest !== undefined) bases.delete(oldest);
    bases.set(imageId, base);
  }

  function view({ key, name }: Snapshot, image: ImageRecord, base: Base): PreparedSnapshot {
    const { lowerDirs, passwd, group } = base;
    const [upperDir, workDir] = [directories.upperDir(name), directories.workDir(name)];
    return { key, layersDir: layers.dir, lowerDirs, upperDir, workDir, passwd, group, image };
  }

  function viewExisting(snapshot: Snapshot): PreparedSnapshot {
    const image = images.getWithSnapshots(snapshot.imageId) as ImageRecord;
    const base = baseOf(snapshot.imageId);
    const upperDir = directories.upperDir(snapshot.name);
    const accounts = readAccounts([upperDir, ...base.lowerDirs.map((name) => `${layers.dir}/${name}`)]);
    return view(snapshot, image, { ...base, ...accounts });
  }

  function removeDirectories(name: string): void {
    directories.remove(name).catch((error: unknown) => onRemovalFailed(name, error));
  }

  return {
    prepare(key, imageName) {
      if (!KEY.test(key)) throw new BerthError('INVALID_ARGUMENT', `invalid snapshot key ${JSON.stringify(key)}`);
      const existing = snapshots.get(key);
      if (existing !== null) return viewExisting(existing);
      const image = lookUpImage(images, imageName);
      const base = baseOf(image.id);
      const snapshot = { key, name: nextName(), imageId: image.id };
      // The directories first: a crash in between leaves directories without a row, which start-up sweeps.
      try {
        directories.create(snapshot.name, base.root);
        snapshots.insert(snapshot, nowMs());
      } catch (error) {
        removeDirectories(snapshot.name);
        throw error;
      }
      return view(snapshot, { ...image, snapshotKeys: [...image.snapshotKeys, key] }, base);
    },

    delete(key) {
      const snapshot = snapshots.get(key);
      if (snapshot === null) return;
      removeDirectories(snapshot.name);
      if (!snapshots.remove(key).wasLastOfHidden) return;
      pool.discard(images.collect(pool.isPinned).layers);
      leases.endUnused();
    },

    list: () => snapshots.list().map(({ key }) => key),
  };
}

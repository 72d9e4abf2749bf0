import { BerthError } from '@berth/errors';
import { createNames } from './directory-names.ts';
import { lowerDirsOf, rootAttributesOf, type Image, type Layer, type Snapshot } from './image.ts';
import type { LayerPool } from './layer-pool.ts';
import type { Leases } from './leases.ts';
import { lookUpImageId } from './lookup.ts';
import type { ReadMergedFile } from './merged-view.ts';
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
  readonly image: Image;
}

export interface Snapshots {
  /** Makes the snapshot of that key from an image, or returns it as it is. Throws as lookUpImage, INVALID_ARGUMENT, DISK_FULL. */
  prepare(key: string, imageName: string): Promise<PreparedSnapshot>;
  /** Takes the snapshot, and those that it owns (`key.…`), out of their place; their data goes in the background. Idempotent. */
  delete(key: string): void;
  /** The keys. */
  list(): string[];
  /** The bytes that each of these snapshots holds over its image; one that does not exist is left out. */
  measure(keys: readonly string[]): Promise<Map<string, number>>;
}

export interface SnapshotsDeps {
  readonly images: ImageStore;
  readonly snapshots: SnapshotStore;
  readonly layers: Pick<LayerStore, 'dir'>;
  readonly directories: SnapshotDirectories;
  readonly pool: Pick<LayerPool, 'isPinned' | 'discard'>;
  readonly leases: Pick<Leases, 'endUnused'>;
  readonly readFile: ReadMergedFile;
  readonly nowMs: () => number;
  readonly onRemovalFailed: (name: string, error: unknown) => void;
}

interface Accounts {
  readonly passwd: Uint8Array;
  readonly group: Uint8Array;
}

const ACCOUNT_FILE_MAX_BYTES = 1024 * 1024;
const NOTHING = new Uint8Array();
/** Stacks whose accounts are remembered, and the most bytes that those of one may take to be. */
const CACHE = { stacks: 64, bytes: 64 * 1024 };
const KEY = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;

/** Every container's start waits for `prepare`: it reads three rows, makes three directories and writes one row. */
export function createSnapshots(deps: SnapshotsDeps): Snapshots {
  const { images, snapshots, layers, directories, pool, leases, readFile, nowMs, onRemovalFailed } = deps;
  const accountsOfStacks = new Map<string, Accounts>();
  const nextName = createNames([...directories.list(), ...snapshots.list().map(({ name }) => name)]);

  async function readAccounts(upperDir: string | null, names: readonly string[]): Promise<Accounts> {
    const stack = { upperDir, lowerDirs: names.map((name) => `${layers.dir}/${name}`) };
    const read = async (path: string): Promise<Uint8Array> =>
      (await readFile(stack, path, ACCOUNT_FILE_MAX_BYTES)) ?? NOTHING;
    const [passwd, group] = await Promise.all([read('etc/passwd'), read('etc/group')]);
    return { passwd, group };
  }

  /** Notes what an image has before a container writes. The directory of a layer never changes, nor does its name come again. */
  function remember(stack: string, accounts: Accounts): void {
    const [oldest] = accountsOfStacks.keys();
    if (accountsOfStacks.size >= CACHE.stacks && oldest !== undefined) accountsOfStacks.delete(oldest);
    if (accounts.passwd.length + accounts.group.length <= CACHE.bytes) accountsOfStacks.set(stack, accounts);
  }

  function view(snapshot: Snapshot, stack: readonly Layer[], accounts: Accounts): PreparedSnapshot {
    const { key, name, imageId } = snapshot;
    const [upperDir, workDir] = [directories.upperDir(name), directories.workDir(name)];
    const image = images.find(imageId) as Image;
    return { key, layersDir: layers.dir, lowerDirs: lowerDirsOf(stack), upperDir, workDir, ...accounts, image };
  }

  async function viewExisting(snapshot: Snapshot): Promise<PreparedSnapshot> {
    const stack = images.layersOf(snapshot.imageId);
    return view(snapshot, stack, await readAccounts(directories.upperDir(snapshot.name), lowerDirsOf(stack)));
  }

  function create(key: string, imageId: string, accounts: Accounts): PreparedSnapshot {
    const stack = images.layersOf(imageId);
    const snapshot = { key, name: nextName(), imageId };
    // The directories first: a crash in between leaves directories without a row, which start-up sweeps.
    try {
      directories.create(snapshot.name, rootAttributesOf(stack));
      snapshots.insert(snapshot, nowMs());
    } catch (error) {
      removeDirectories(snapshot.name);
      throw error;
    }
    return view(snapshot, stack, accounts);
  }

  function removeDirectories(name: string): void {
    directories.remove(name).catch((error: unknown) => onRemovalFailed(name, error));
  }

  return {
    async prepare(key, imageName) {
      if (!KEY.test(key)) throw new BerthError('INVALID_ARGUMENT', `invalid snapshot key ${JSON.stringify(key)}`);
      let read: { stack: string; accounts: Accounts } | null = null;
      for (;;) {
        const existing = snapshots.get(key);
        if (existing !== null) return viewExisting(existing);
        const imageId = lookUpImageId(images, imageName);
        const lowerDirs = lowerDirsOf(images.layersOf(imageId));
        const stack = lowerDirs.join(':');
        const accounts = read?.stack === stack ? read.accounts : accountsOfStacks.get(stack);
        // Nothing comes between the look at the image and the row that keeps it.
        if (accounts !== undefined) return create(key, imageId, accounts);
        try {
          read = { stack, accounts: await readAccounts(null, lowerDirs) };
          remember(stack, read.accounts);
        } catch (error) {
          // Its layers may have gone with it.
          if (images.find(imageId) !== null) throw error;
        }
      }
    },

    delete(owner) {
      let isRubbish = false;
      for (const { key, name } of snapshots.listOwned(owner)) {
        // The row first: on a full disk it may have to stay, and then its directories do.
        isRubbish = snapshots.remove(key, nowMs()).wasLastOfHidden || isRubbish;
        removeDirectories(name);
      }
      if (!isRubbish) return;
      pool.discard(images.collect(pool.isPinned).layers);
      leases.endUnused();
    },

    list: () => snapshots.list().map(({ key }) => key),

    async measure(keys) {
      const sizes = new Map<string, number>();
      for (const key of keys) {
        const snapshot = snapshots.get(key);
        if (snapshot !== null) sizes.set(key, await directories.measure(snapshot.name));
      }
      return sizes;
    },
  };
}

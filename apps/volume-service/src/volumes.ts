import { BerthError, isBerthError } from '@berth/errors';
import type { VolumeDirectories, StagedData, VolumeDriver, VolumeMount, VolumeStore, VolumeWithUses } from './ports.ts';
import { parseListFilters, type VolumeFilter } from './volume-filters.ts';
import { ANONYMOUS_LABEL, checkVolumeName, generateVolumeName, type Volume } from './volume.ts';

/** A volume as clients see it. */
export interface VolumeView extends VolumeWithUses {
  readonly mountpoint: string;
  /** What is mounted in its place; null: its data is at `mountpoint`. */
  readonly mount: VolumeMount | null;
  /** What it may hold, bytes; 0: what the disk does. */
  readonly limitBytes: number;
}

/** What a volume is made from; an empty name makes an anonymous volume. */
export interface VolumeSpec {
  readonly name: string;
  readonly driver: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
}

/** What the use cases need. */
export interface VolumesDeps {
  readonly store: VolumeStore;
  readonly directories: VolumeDirectories;
  readonly drivers: readonly VolumeDriver[];
  readonly nowMs: () => number;
  /** Told of each directory that start-up found without a volume and left alone because it holds data. */
  readonly onOrphan: (name: string) => void;
}

/** The use cases of volumes. */
export interface Volumes {
  create(spec: VolumeSpec): Promise<VolumeView>;
  get(name: string): VolumeView;
  /** By name. Throws INVALID_ARGUMENT. */
  list(filters: readonly VolumeFilter[]): VolumeView[];
  /** The bytes in each of these volumes; one that does not exist is left out. */
  measure(names: readonly string[]): Promise<Map<string, number>>;
  remove(name: string, options: { force: boolean }): Promise<void>;
  /** Records that a container uses a volume, which is made when it is missing. */
  acquire(spec: VolumeSpec, containerId: string): Promise<VolumeView>;
  /** Gives a volume another name. Throws VOLUME_NOT_FOUND, VOLUME_NAME_INVALID, VOLUME_EXISTS, VOLUME_IN_USE. */
  rename(name: string, newName: string): VolumeView;
  /** Makes a volume of staged data. Throws VOLUME_NAME_INVALID, VOLUME_EXISTS; the data stays staged then. */
  adopt(volume: Volume, staged: StagedData): VolumeView;
  release(containerId: string, options: { deleteAnonymous: boolean }): Promise<void>;
  /** Finishes what a crash interrupted, before it returns; resolves once the trash is empty. */
  recover(): Promise<void>;
}

/**
 * The directory is made before the row, and goes after the row is marked: a crash leaves an empty directory or a marked row, and
 * `recover` knows what to do with either. Nothing here waits between a check and the change that it guards.
 */
export function createVolumes({ store, directories, drivers, nowMs, onOrphan }: VolumesDeps): Volumes {
  function view(volume: VolumeWithUses): VolumeView {
    const driver = drivers.find(({ name }) => name === volume.driver);
    const mount = driver?.mountOf(volume.options) ?? null;
    const limitBytes = driver?.limitOf(volume.options) ?? 0;
    return { ...volume, mountpoint: directories.mountpoint(volume.name), mount, limitBytes };
  }

  /** What a volume with these settings may hold, bytes; 0: what the disk does. */
  function checkSettings(name: string, driver: string, options: VolumeSpec['options']): number {
    const found = drivers.find((each) => each.name === driver);
    try {
      if (found !== undefined) {
        found.check(options);
        return found.limitOf(options);
      }
    } catch (error) {
      throw inCreating(name, error);
    }
    const problem = `error looking up volume plugin ${driver}: plugin ${JSON.stringify(driver)} not found`;
    throw new BerthError('INVALID_ARGUMENT', `create ${name}: ${problem}`);
  }

  function get(name: string): VolumeView {
    const volume = store.get(name);
    if (volume === null) throw new BerthError('VOLUME_NOT_FOUND', `get ${name}: no such volume`);
    return view(volume);
  }

  /** Makes a volume when it is missing, and goes on with it before anything else can happen to it. */
  async function create<Result>(spec: VolumeSpec, goOn: (volume: VolumeView) => Result): Promise<Result> {
    const anonymous = spec.name === '';
    const name = anonymous ? generateVolumeName() : spec.name;
    const driver = spec.driver === '' ? 'local' : spec.driver;
    checkVolumeName(name);
    const existing = store.get(name);
    if (existing !== null && existing.driver !== driver) {
      const problem = `driver '${existing.driver}' already has volume '${name}': volume name must be unique`;
      throw new BerthError('VOLUME_EXISTS', `create ${name}: ${problem}`);
    }
    const limitBytes = checkSettings(name, driver, spec.options);
    const labels = anonymous ? { ...spec.labels, [ANONYMOUS_LABEL]: '' } : spec.labels;
    const volume: Volume = {
      name,
      driver,
      labels,
      options: spec.options,
      anonymous,
      snapshotOf: null,
      createTimeMs: nowMs(),
    };
    if (existing !== null || limitBytes === 0) return goOn(insert(volume));
    const staged = await directories.stage(limitBytes).catch((error: unknown) => {
      throw inCreating(name, error);
    });
    try {
      // Somebody else may have been faster.
      return goOn(store.get(name) === null ? adopt(volume, staged) : get(name));
    } finally {
      await staged.discard();
    }
  }

  function insert(volume: Volume): VolumeView {
    directories.create(volume.name);
    return record(volume, () => void directories.removeEmpty(volume.name));
  }

  /** Makes the row of a volume whose directory is there; `undo` takes that away again when there is no room for the row. */
  function record(volume: Volume, undo: () => void): VolumeView {
    try {
      store.insert(volume, { verb: 'create', volume: volume.name, attributes: { driver: volume.driver } });
    } catch (error) {
      if (store.get(volume.name) === null) undo();
      throw error;
    }
    return get(volume.name);
  }

  function adopt(volume: Volume, staged: StagedData): VolumeView {
    checkVolumeName(volume.name);
    if (store.get(volume.name) !== null) throw existsError('create', volume.name);
    if (directories.list().includes(volume.name) && !directories.removeEmpty(volume.name)) {
      throw existsError('create', volume.name);
    }
    staged.commit(volume.name);
    // What stays in the trash goes at the next start.
    return record(volume, () => void directories.discard(volume.name).catch(() => {}));
  }

  /** Ends a volume that is marked as being deleted, before it returns; resolves once its data is removed. */
  function finishRemoval(name: string): Promise<void> {
    const discarded = directories.discard(name);
    // On a full disk the row may have to stay; then nobody waits for the data.
    discarded.catch(() => {});
    store.remove(name, { verb: 'destroy', volume: name, attributes: { driver: 'local' } });
    return discarded;
  }

  /** Can be repeated: the row tells that it began, the directories how far it came. */
  function finishRenaming(name: string, newName: string): void {
    directories.rename(name, newName);
    store.rename(name, newName, { verb: 'rename', volume: newName, attributes: { driver: 'local', oldName: name } });
  }

  return {
    create: (spec) => create(spec, (volume) => volume),
    adopt,
    get,
    list: (filters) => store.list().filter(parseListFilters(filters)).map(view),

    async measure(names) {
      const sizes = new Map<string, number>();
      for (const name of names) {
        if (store.get(name) !== null) sizes.set(name, await directories.measure(name));
      }
      return sizes;
    },

    async remove(name, { force }) {
      const volume = store.get(name);
      if (volume === null) {
        if (force) return;
        throw new BerthError('VOLUME_NOT_FOUND', `get ${name}: no such volume`);
      }
      if (!store.markDeleting(name)) {
        throw new BerthError('VOLUME_IN_USE', `remove ${name}: volume is in use - [${volume.containerIds.join(', ')}]`);
      }
      await finishRemoval(name);
    },

    acquire: (spec, containerId) =>
      create(spec, ({ name }) => {
        store.addUse(name, containerId, nowMs());
        return get(name);
      }),

    async release(containerId, { deleteAnonymous }) {
      const names = store.removeUses(containerId, nowMs());
      if (!deleteAnonymous) return;
      const unused = names.filter((name) => store.get(name)?.anonymous === true && store.markDeleting(name));
      await Promise.all(unused.map(finishRemoval));
    },

    rename(name, newName) {
      checkVolumeName(newName);
      const { containerIds } = get(name);
      if (store.get(newName) !== null) throw existsError(`rename ${name}`, newName);
      if (!store.markRenaming(name, newName)) {
        throw new BerthError('VOLUME_IN_USE', `rename ${name}: volume is in use - [${containerIds.join(', ')}]`);
      }
      finishRenaming(name, newName);
      return get(newName);
    },

    async recover() {
      for (const { name, newName } of store.listRenaming()) finishRenaming(name, newName);
      directories.finishReplacing();
      const discarded = store.listDeleting().map(finishRemoval);
      for (const name of directories.list()) {
        if (store.get(name) === null && !directories.removeEmpty(name)) onOrphan(name);
      }
      await Promise.all(discarded);
      await directories.emptyTrash();
    },
  };
}

/** A failure, told as that of creating a volume. */
function inCreating(name: string, error: unknown): unknown {
  return isBerthError(error) ? new BerthError(error.reason, `create ${name}: ${error.message}`) : error;
}

function existsError(what: string, name: string): BerthError {
  return new BerthError('VOLUME_EXISTS', `${what}: volume name ${name} already exists`);
}

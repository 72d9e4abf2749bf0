import type { Volume } from './volume.ts';

/** A volume with the ids of the containers that use it, in the order in which they came. */
export interface VolumeWithUses extends Volume {
  readonly containerIds: readonly string[];
  /** Unix time in milliseconds when a container last came to it or left it; null: never. */
  readonly lastUseTimeMs: number | null;
}

/** What has happened to a volume; stored with the change itself, told later. */
export interface VolumeEvent {
  readonly verb: 'create' | 'destroy' | 'prune' | 'rename' | 'restore';
  /** Its name; empty when the event is about no single one. */
  readonly volume: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** What is mounted for a volume, as mount(8) has it. */
export interface VolumeMount {
  readonly type: string;
  readonly device: string;
  readonly options: readonly string[];
}

/** Knows where the data of volumes is: one for each word that `--driver` takes. */
export interface VolumeDriver {
  readonly name: string;
  /** Checks the options of a new volume. Throws INVALID_ARGUMENT with what is wrong, in the words of the driver. */
  check(options: Readonly<Record<string, string>>): void;
  /** What is mounted for a volume; null: its own directory. */
  mountOf(options: Readonly<Record<string, string>>): VolumeMount | null;
  /** What a volume may hold, bytes; 0: what the disk does. */
  limitOf(options: Readonly<Record<string, string>>): number;
}

/** Which volumes there are and who uses them. Every method is one transaction, durable when it returns. */
export interface VolumeStore {
  /** Adds a volume and its event. Does nothing when the name is taken. */
  insert(volume: Volume, event: VolumeEvent): void;
  /** The volume of that name, or null; one that is being deleted is absent. */
  get(name: string): VolumeWithUses | null;
  /** All volumes by name, without those that are being deleted. */
  list(): VolumeWithUses[];
  /** Records a use. Idempotent. The volume must exist. */
  addUse(name: string, containerId: string, timeMs: number): void;
  /** Ends all uses by a container and returns the names of the volumes it used. */
  removeUses(containerId: string, timeMs: number): string[];
  /** Notes that a volume is to have another name and returns true; false when it is absent, in use, or the name is taken. */
  markRenaming(name: string, newName: string): boolean;
  /** The volumes that are being renamed, by their old names. */
  listRenaming(): { readonly name: string; readonly newName: string }[];
  /** Gives a volume that is being renamed its name and records the event. Does nothing when it has it. */
  rename(name: string, newName: string, event: VolumeEvent): void;
  /** Marks a volume as being deleted and returns true; false when it is absent or in use. */
  markDeleting(name: string): boolean;
  /** The names of the volumes that are being deleted. */
  listDeleting(): string[];
  /** Records an event that changes no volume. */
  tell(event: VolumeEvent): void;
  /** Forgets a volume that is being deleted and records the event. Does nothing when it is absent. */
  remove(name: string, event: VolumeEvent): void;
}

/** The volumes' directories on the host. Creating and discarding are one system call each, so they do not wait. */
export interface VolumeDirectories {
  /** The absolute path of a volume's data, whether it exists or not. */
  mountpoint(name: string): string;
  /** The sizes of all files of a volume, bytes; each counts once. Of a limited one what counts towards its limit. */
  measure(name: string): Promise<number>;
  /** Makes the directory of a volume, or leaves it as it is. Throws DISK_FULL. */
  create(name: string): void;
  /** Moves the directory of a volume to the trash before it returns; resolves once its data is removed. Idempotent. */
  discard(name: string): Promise<void>;
  /** Gives the directory of a volume another name. Does nothing when that was done. */
  rename(name: string, newName: string): void;
  /**
   * An empty directory, which a crash leaves in the trash. It takes its limit along; 0: none. Throws DISK_FULL, and INVALID_ARGUMENT, in Docker's
   * words, for a limit where the file system has no project quotas.
   */
  stage(limitBytes: number): Promise<StagedData>;
  /** Puts what is in a staged directory in the place of a volume's data, which goes. A crash leaves the one or the other, whole. */
  replace(name: string, staged: StagedData): Promise<void>;
  /**
   * The same, but the directory itself stays, so that who has it mounted finds the new data: one entry comes after another. Not for a volume with a
   * limit. A crash leaves a part of it to `finishReplacing`.
   */
  replaceContents(name: string, staged: StagedData): Promise<void>;
  /** Finishes what a crash interrupted in `replace` and `replaceContents`, of all volumes. */
  finishReplacing(): void;
  /** Removes what a crash left in the trash. */
  emptyTrash(): Promise<void>;
  /** The names of all volume directories. */
  list(): string[];
  /** Removes the directory of a volume if no data is in it, and tells whether it did. */
  removeEmpty(name: string): boolean;
}

/** Limits what directories may hold. */
export interface DirectoryLimits {
  /** Limits an empty directory. Throws INVALID_ARGUMENT, in Docker's words, where the file system has no project quotas. */
  limit(dir: string, bytes: number): Promise<void>;
  /** Takes the limit off a directory that is to go; does nothing when it has none. Throws PATH_NOT_FOUND. */
  unlimit(dir: string): Promise<void>;
  /** What a limited directory occupies, bytes. Throws PATH_NOT_FOUND. */
  usage(dir: string): Promise<number>;
}

/** Data that belongs to no volume yet. */
export interface StagedData {
  /** Absolute path of the directory. */
  readonly path: string;
  /** Makes it the directory of a volume, which must have none. */
  commit(name: string): void;
  /** Removes it; does nothing when it was committed. */
  discard(): Promise<void>;
}

/** Reads and writes the files of volumes, which programs may be changing. All throw DISK_FULL, CANCELLED, INTERNAL. */
export interface VolumeFiles {
  /** Copies what is in a directory into an empty one. Throws LAYER_INVALID. */
  copy(fromDir: string, toDir: string, signal: AbortSignal): Promise<void>;
  /** What is in a directory, as a tar. Returning early ends the work. */
  archive(dir: string, signal: AbortSignal): AsyncGenerator<Uint8Array>;
  /** Unpacks a tar into a directory. Throws LAYER_INVALID, LAYER_LIMIT. */
  extract(dir: string, data: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>;
}

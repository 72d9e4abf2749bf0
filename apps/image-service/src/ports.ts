import type { PathChange, RootAttributes, SnapshotLayers, UnpackedLayer } from '@berth/layers';
import type { Descriptor, Reference } from '@berth/oci';
import type { Image, ImageRecord, Layer, Snapshot } from './image.ts';

/** What has happened to an image; stored with the change itself, told later. */
export interface ImageEvent {
  readonly verb: 'pull' | 'push' | 'import' | 'load' | 'tag' | 'untag' | 'delete';
  /** The image's id; of a pull or push, the reference that was given, as Docker tells it. */
  readonly objectId: string;
  readonly name: string;
}

/** A prune has ended; the removals were told one by one. */
export interface PruneEvent {
  readonly verb: 'prune';
  readonly reclaimedBytes: number;
}

/** An image that shall exist, with all that belongs to it. */
export interface ImageCommit {
  readonly image: Image;
  /** Its layers, lowest first; their directories are in place. */
  readonly layers: readonly Layer[];
  /** Names that it gets, taken from the image that has them. */
  readonly references: readonly Reference[];
  readonly events: readonly ImageEvent[];
  /** True when the content store keeps its content by a lease, `image:<id>`. */
  readonly isLeased: boolean;
  /** The image that it was made from. Default: null, none. */
  readonly parentId?: string | null;
  /** Where the archives of its layers are, as far as that is known. Default: none. */
  readonly blobs?: readonly LayerBlob[];
  /** The manifest that it came with. Default: none. */
  readonly manifest?: ImageManifest;
}

/** The manifest of an image as its maker wrote it. */
export interface ImageManifest extends ContentDescriptor {
  /** As in LayerBlob. */
  readonly repository: string | null;
}

/** What a push has brought about. */
export interface ImagePush {
  readonly imageId: string;
  /** Names by digest that the image gets, unless it was removed meanwhile. */
  readonly references: readonly Reference[];
  /** Where the archives of its layers are now. */
  readonly blobs: readonly LayerBlob[];
  readonly events: readonly ImageEvent[];
}

/** The archive that a layer was unpacked from. */
export interface LayerBlob extends ContentDescriptor {
  readonly diffId: string;
  /** Who has it, should the content store have it no more: `docker.io/library/busybox`; null: nobody. */
  readonly repository: string | null;
}

/** That an image has a layer. */
export interface LayerUse {
  readonly imageId: string;
  readonly diffId: string;
  readonly sizeBytes: number;
}

/** What may be removed with an image, or with its last snapshot. */
export interface RemovedImage {
  /** Layers that no image has any more; their rows are gone. */
  readonly layers: readonly Layer[];
}

export interface ImageListOptions {
  /** Leaves the configs empty, which are most of what has to be read. Default: false. */
  readonly omitConfigs?: boolean;
}

/**
 * Images, their names and their layers. Every method is one transaction, durable when it returns. An image that was removed while
 * snapshots of it exist is hidden: it is found by `find` only, and goes with the last of them.
 */
export interface ImageStore {
  /** Adds an image, or shows it again, with names and events, and notes the time. Layers that are known by their diffID already are left as they are. */
  commit(commit: ImageCommit): void;
  /** Gives a name to an image, and notes the time of a tag. The image must exist. */
  addReference(imageId: string, reference: Reference, events: readonly ImageEvent[]): void;
  /** Takes names away. */
  removeReferences(references: readonly Reference[], events: readonly ImageEvent[]): void;
  /** Removes an image with all its names, but no layer for which `isPinned`. Hides it while it has snapshots. */
  remove(imageId: string, events: readonly ImageEvent[], isPinned: (diffId: string) => boolean): RemovedImage;
  /** Removes hidden images without snapshots, and layers that no image has and that are not pinned. */
  collect(isPinned: (diffId: string) => boolean): RemovedImage;
  /** Records an event alone. */
  tell(event: PruneEvent): void;
  get(imageId: string): ImageRecord | null;
  /** The image alone, hidden or not. */
  find(imageId: string): Image | null;
  /** The id of the image with exactly this name. */
  findByReference(reference: Reference): string | null;
  /** Ids that begin with `sha256:<prefix>`, at most two. */
  findByPrefix(hexPrefix: string): string[];
  /** All images, newest first. */
  list(options?: ImageListOptions): ImageRecord[];
  /** The layers of an image, hidden or not, lowest first. */
  layersOf(imageId: string): Layer[];
  /** Each layer of each image, hidden or not, once. */
  listUses(): LayerUse[];
  findLayer(diffId: string): Layer | null;
  /** The archive of a layer; null when it was made here. One that a registry has counts more than one that none has. */
  findBlob(diffId: string): LayerBlob | null;
  /** Notes the archive of a layer that was made here, and that the content store keeps it by the lease `layer:<diffID>`. */
  keepBlob(blob: LayerBlob): void;
  /** Null when the image was made here. */
  findManifest(imageId: string): ImageManifest | null;
  recordPush(push: ImagePush): void;
  listLayers(): Layer[];
  /** The sizes of all layers, bytes. */
  measureLayers(): number;
  /** The names of the layers that may not be on the disk yet: each is added as such. */
  listUnsynced(): string[];
  markSynced(names: readonly string[]): void;
  /**
   * Removes images without snapshots whose layers were not on the disk yet in a boot before this one, and returns their ids. Their layers
   * are left to `collect`.
   */
  removeLost(bootId: string): string[];
}

/** Snapshots. Every method is one transaction; a power cut may lose the last ones, and start-up then sweeps what they made. */
export interface SnapshotStore {
  /** Adds a snapshot and notes that its image was used. */
  insert(snapshot: Snapshot, timeMs: number): void;
  get(key: string): Snapshot | null;
  /** The snapshot of that key, and those whose key goes on with a dot after it. */
  listOwned(key: string): Snapshot[];
  list(): Snapshot[];
  /** Removes one, notes that its image was used until now, and tells whether that is hidden and has no other. */
  remove(key: string, timeMs: number): { readonly wasLastOfHidden: boolean };
}

/** A layer in a directory of its own that nobody uses yet. */
export interface StagedLayer extends UnpackedLayer {
  /** Puts it into its place, as a layer of that name. */
  commit(name: string): void;
  /** Removes it. */
  discard(): Promise<void>;
}

/** The archive of a layer in a file of its own; disposed of, it is gone. */
export interface PackedLayer extends AsyncDisposable {
  readonly path: string;
  readonly size: number;
}

export interface UnpackRequest {
  readonly blobPath: string;
  /** The layer is a part of that file, in bytes. Default: all of it. */
  readonly range?: { readonly offset: number; readonly length: number };
  /** The blob is still being written, and will have that many bytes; `unknown`: until it is read-only. Default: it is whole. */
  readonly growsTo?: number | 'unknown';
  /** Null: computed only. */
  readonly diffId: string | null;
  readonly signal: AbortSignal;
  readonly onProgress?: (readBytes: number) => void;
}

/** A writable layer, over layers that are here. */
export type SnapshotSource = Omit<SnapshotLayers, 'layersDir'>;

/** The directories of layers on this host. */
export interface LayerStore {
  /** Absolute path below which the layers' directories lie. */
  readonly dir: string;
  /** Throws LAYER_INVALID, DIGEST_MISMATCH, LAYER_LIMIT, DISK_FULL, CANCELLED, and leaves nothing behind then. */
  unpack(request: UnpackRequest): Promise<StagedLayer>;
  /** What a writable layer changes, by path. Throws LAYER_INVALID, LAYER_LIMIT, CANCELLED. */
  changes(source: SnapshotSource, signal: AbortSignal): Promise<PathChange[]>;
  /** What turns one stack of layers into another, each uppermost first. Throws LAYER_LIMIT, CANCELLED. */
  compare(from: readonly string[], to: readonly string[], signal: AbortSignal): Promise<PathChange[]>;
  /**
   * Makes a layer of a writable layer; with `squash`, of all below it too. Throws LAYER_INVALID, LAYER_LIMIT, DISK_FULL, CANCELLED, and leaves
   * nothing behind then.
   */
  copy(source: SnapshotSource, options: { squash: boolean; signal: AbortSignal }): Promise<StagedLayer>;
  /** Writes the archive of a layer that `copy` has made. Throws DIGEST_MISMATCH when it was made otherwise, DISK_FULL, CANCELLED. */
  pack(layer: Pick<Layer, 'name' | 'diffId'>, signal: AbortSignal): Promise<PackedLayer>;
  /** As `pack`, compressed with gzip. */
  packGzip(layer: Pick<Layer, 'name' | 'diffId'>, signal: AbortSignal): Promise<PackedLayer>;
  /** Compresses an archive with gzip. Throws DISK_FULL, CANCELLED. */
  gzip(archivePath: string, signal: AbortSignal): Promise<PackedLayer>;
  /**
   * Writes what comes into a file of its own, which other services of the engine can read; it is read-only when all is there. Throws DISK_FULL, and
   * what the data throw.
   */
  spool(data: AsyncIterable<Uint8Array>, signal: AbortSignal, onOpened?: (path: string) => void): Promise<PackedLayer>;
  /** The names of all layers in place. */
  list(): string[];
  /** Takes a layer out of its place before it returns; resolves once its data is removed. */
  remove(name: string): Promise<void>;
  /** Resolves when all layers in place are on the disk. */
  sync(): Promise<void>;
  /** Removes what a crash left: half-unpacked layers and trash. */
  sweep(): Promise<void>;
}

/** The directories of snapshots on this host. */
export interface SnapshotDirectories {
  /** Makes an empty writable layer. Throws DISK_FULL. */
  create(name: string, root: RootAttributes): void;
  upperDir(name: string): string;
  workDir(name: string): string;
  /** The sizes of all files in the writable layer, bytes; each counts once. */
  measure(name: string): Promise<number>;
  list(): string[];
  /** Takes a snapshot out of its place before it returns; resolves once its data is removed. Idempotent. */
  remove(name: string): Promise<void>;
  /** Removes what a crash left in the trash. */
  sweep(): Promise<void>;
}

/** Names a user of a registry. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Where something is at a registry. */
export interface RemoteContent {
  /** `docker.io/library/busybox`. */
  readonly repository: string;
  readonly descriptor: ContentDescriptor;
  readonly credentials: Credentials | null;
}

export type ContentDescriptor = Pick<Descriptor, 'mediaType' | 'digest' | 'size'>;

/** How a repository came by a blob. */
export type PushedBlob =
  | { readonly how: 'existed' | 'uploaded' }
  | { readonly how: 'mounted'; /** The path of that repository. */ readonly from: string };

/** What an ingest has put into the content store. */
export interface IngestedBlob {
  readonly digest: string;
  readonly size: number;
  /** Absolute path of an immutable file. */
  readonly path: string;
}

/** The host's verified content store and the way to registries. Errors: as berth.registry.v1. */
export interface ContentClient {
  /** Asks the registry what a name stands for. */
  resolve(reference: Reference, credentials: Credentials | null, signal: AbortSignal): Promise<ContentDescriptor>;
  /** A manifest or index, with the media type that was found. */
  getManifest(content: RemoteContent, signal: AbortSignal): Promise<{ bytes: Uint8Array; mediaType: string }>;
  /** Makes sure that a blob is here, and returns its path; tells the file that it comes into, which is not verified, and that may change. */
  fetchBlob(
    content: RemoteContent,
    options: {
      readonly signal: AbortSignal;
      readonly onOpened?: (path: string) => void;
      readonly onProgress?: (receivedBytes: number) => void;
    },
  ): Promise<string>;
  /** Stores content that no registry has, kept by a lease. */
  ingest(
    blob: { mediaType: string; lease: string },
    data: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<IngestedBlob>;
  /** Makes sure that a repository has a blob. Throws BLOB_NOT_FOUND when it would have to be sent and is not here. */
  pushBlob(
    content: RemoteContent,
    options: { signal: AbortSignal; onProgress?: (sentBytes: number) => void },
  ): Promise<PushedBlob>;
  /** Puts a manifest under a tag, and returns its descriptor. What it names must be there. */
  pushManifest(
    target: { readonly reference: Reference; readonly credentials: Credentials | null },
    manifest: { readonly bytes: Uint8Array; readonly mediaType: string },
    signal: AbortSignal,
  ): Promise<ContentDescriptor>;
  /** The same of a part of a file, which other services of the engine can read. */
  ingestFile(
    blob: { mediaType: string; lease: string },
    file: { readonly path: string; readonly offset: number; readonly size: number },
    signal: AbortSignal,
  ): Promise<IngestedBlob>;
  /** The path of a blob that is here, asking no registry. Throws BLOB_NOT_FOUND. */
  locate(descriptor: ContentDescriptor, signal: AbortSignal): Promise<string>;
  /**
   * Sets what a lease keeps, or adds to it; nothing: the lease ends. `discards`: what nothing keeps any more goes at once, else after a day.
   * Returns what it keeps now and no other lease does.
   */
  setLease(
    lease: string,
    digests: readonly string[],
    change?: { readonly adds?: boolean; readonly discards?: boolean },
  ): Promise<readonly string[]>;
}

/**
 * The leases that shall end, durable. An image that is committed with `isLeased` takes its lease off the list, and puts it on it when it is
 * removed, in the same transaction.
 */
export interface LeaseList {
  /** Does nothing when an image or an archive of a layer is kept by that lease: it goes on the list with that. */
  add(lease: string): void;
  remove(lease: string): void;
  list(): string[];
  /** True when it is what a layer that is here came as: no lease of an image that is gone may end for that. */
  isNeeded(digest: string): boolean;
}

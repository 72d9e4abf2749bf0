import type { Rootfs } from '../mount.ts';
import type { ImageDefaults } from '../spec/specify-container.ts';

/** A container's file system, ready to be mounted, and what its image says. */
export interface PreparedSnapshot {
  readonly rootfs: Rootfs;
  /** /etc/passwd and /etc/group in it; empty when there is none. */
  readonly passwd: Uint8Array;
  readonly group: Uint8Array;
  readonly imageId: string;
  readonly image: ImageDefaults;
}

/** A path that differs from the image. */
export interface PathChange {
  /** Absolute. */
  readonly path: string;
  readonly kind: 'changed' | 'added' | 'deleted';
}

/** An image that is made of a container. */
export interface SnapshotCommit {
  readonly containerId: string;
  /** What starting it has made, relative to the root. */
  readonly mountPoints: readonly string[];
  /** Empty for none. */
  readonly reference: string;
  /** An OCI image config's `config` object. */
  readonly config: object;
  readonly author: string;
  readonly message: string;
  readonly createdBy: string;
  /** Makes one layer of all. */
  readonly squash: boolean;
}

/** Where containers get their file systems from. */
export interface ImageClient {
  /** Prepares a container's file system, or returns the one it has. Throws IMAGE_NOT_FOUND, IMAGE_AMBIGUOUS, SERVICE_UNAVAILABLE. */
  prepareSnapshot(containerId: string, image: string): Promise<PreparedSnapshot>;
  /**
   * What an image gave the last container that was made of it by this name, not long ago; null when there is none. The next one gets the same,
   * but for the writable directories, unless the name has become another image's.
   */
  lastSnapshot(image: string): PreparedSnapshot | null;
  /** Removes a container's file system, and those of the images that it mounts. Idempotent. */
  deleteSnapshot(containerId: string): Promise<void>;
  /** The ids of all containers that have one, and what it has for the images that it mounts. */
  listSnapshots(): Promise<string[]>;
  /** What a container changes of its image, by path; not the empty `mountPoints` that the image lacks. Throws SNAPSHOT_NOT_FOUND. */
  diffSnapshot(containerId: string, mountPoints: readonly string[], signal: AbortSignal): Promise<PathChange[]>;
  /** The bytes that each container has written over its image. */
  measureSnapshots(containerIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /**
   * Makes an image of a container's file system and returns its id. Throws SNAPSHOT_NOT_FOUND, REFERENCE_INVALID, IMAGE_CONFIG_INVALID,
   * LAYER_INVALID, LAYER_LIMIT, DISK_FULL, SERVICE_UNAVAILABLE; then nothing of it stays.
   */
  commitSnapshot(commit: SnapshotCommit, signal: AbortSignal): Promise<string>;
  /** An image by name or id, with the bytes of its layers; null when there is none, or more than one. */
  findImage(name: string): Promise<{ readonly id: string; readonly sizeBytes: number } | null>;
}

import type { VolumeMount, VolumeSettings } from '../mount.ts';

/** A volume, as far as a container needs it. */
export interface AcquiredVolume {
  readonly name: string;
  /** Absolute path of its data on the host. */
  readonly mountpoint: string;
  readonly driver: string;
  /** What is mounted in its place; null: its data. */
  readonly mount: VolumeMount | null;
}

/** Where containers get their volumes from. */
export interface VolumeClient {
  /**
   * Records a container's use of a volume, which is made with these settings when it is missing; an empty name makes an anonymous one.
   * Throws VOLUME_NAME_INVALID, INVALID_ARGUMENT, DISK_FULL, SERVICE_UNAVAILABLE.
   */
  acquire(name: string, containerId: string, settings: VolumeSettings): Promise<AcquiredVolume>;
  /** Ends every use by a container. Idempotent. */
  release(containerId: string, options: { deleteAnonymous: boolean }): Promise<void>;
  /** The ids of all containers that use a volume. */
  listUsers(): Promise<string[]>;
}

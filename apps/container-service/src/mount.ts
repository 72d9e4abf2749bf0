/** What a mount shows. */
export type MountType = 'volume' | 'bind' | 'tmpfs' | 'image';

/** What of a mount holds from the asking to the end of the container. */
interface MountSettings {
  readonly target: string;
  readonly readonly: boolean;
  /** Of a tmpfs, as in tmpfs(5). */
  readonly tmpfsOptions?: string;
  /** What `-v` or `--tmpfs` has as its mode; absent for a `--mount`. */
  readonly mode?: string;
  /** Of a bind: `rprivate` unless it is said. */
  readonly propagation?: MountPropagation;
  /** Of a bind: `enabled` unless it is said. */
  readonly recursion?: MountRecursion;
  /** Of a volume or an image: the path in it that is mounted; relative. */
  readonly subpath?: string;
  /** Of a volume: true: it is not filled with what the image has at the target. */
  readonly noCopy?: boolean;
}

/** Whether mounts pass between a bind and the host. Those with an r mean the mounts below it too, which the kernel here always means. */
export type MountPropagation = 'rprivate' | 'private' | 'rshared' | 'shared' | 'rslave' | 'slave';

/**
 * Which mounts a bind brings with it: all; `disabled`: none but its own. `writable`: read-only means the topmost alone; `readonly`: it means
 * all, which it does without being asked too.
 */
export type MountRecursion = 'enabled' | 'disabled' | 'writable' | 'readonly';

/** A mount that a user asked for. */
export interface MountConfig extends MountSettings {
  readonly type: MountType;
  /** A volume's name (empty: anonymous), an absolute host path, or an image's name; empty for a tmpfs. */
  readonly source: string;
  /** What a volume is made with when there is none of its name. */
  readonly volume?: VolumeSettings;
}

/** What a volume is made with. */
export interface VolumeSettings {
  /** Empty: local. */
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

/** A mount, resolved. */
export interface MountPoint extends MountSettings {
  readonly type: MountType;
  /** The volume's name, or the image's id; empty for others. */
  readonly name: string;
  /** Absolute path on the host; the name of an image; empty for a tmpfs. */
  readonly source: string;
  /** The driver of a volume. */
  readonly driver?: string;
  /** True for a volume whose name the engine made up. */
  readonly anonymous?: boolean;
  /** What the driver of a volume mounts; absent: its directory, `source`. */
  readonly mount?: VolumeMount;
  /** The layers of an image. */
  readonly rootfs?: Rootfs;
}

/** What is mounted for a volume, as mount(8) has it. */
export interface VolumeMount {
  readonly type: string;
  readonly device: string;
  readonly options: readonly string[];
}

/** Layers, uppermost first, below a writable layer: what overlayfs makes one file system of. */
export interface Rootfs {
  /** Absolute path below which `lowerDirs` lie. */
  readonly layersDir: string;
  /** Uppermost first. */
  readonly lowerDirs: readonly string[];
  readonly upperDir: string;
  readonly workDir: string;
}

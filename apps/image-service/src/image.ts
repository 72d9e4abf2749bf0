import type { RootAttributes } from '@berth/layers';
import type { Reference } from '@berth/oci';

/** An image: what containers are made from. */
export interface Image {
  /** The digest of its config, `sha256:<64 hex>`. */
  readonly id: string;
  /** The exact bytes of its config. */
  readonly config: Uint8Array;
  /** `linux/amd64`. */
  readonly platform: string;
  /** The apparent sizes of the files of all its layers. */
  readonly sizeBytes: number;
  /** From the config; Unix time in milliseconds, null when it does not say. */
  readonly createTimeMs: number | null;
}

/** An image with what is known about it here. */
export interface ImageRecord extends Image {
  /** By name; those with a tag first. */
  readonly references: readonly Reference[];
  /** Keys of the snapshots made from it, oldest first. */
  readonly snapshotKeys: readonly string[];
  /** The image that it was committed on, while that is here. */
  readonly parentId: string | null;
  /** True when an image here was committed on it. */
  readonly hasChildren: boolean;
  /** When a snapshot of it was last prepared or removed; null: never. */
  readonly lastUsedTimeMs: number | null;
  /** When it last got a name with a tag; null: never. */
  readonly tagTimeMs: number | null;
  /** When it last came here. */
  readonly addTimeMs: number;
}

/** When somebody last showed that an image is wanted: used it, named it or brought it here. Unix time in milliseconds. */
export function lastTouchMs({ lastUsedTimeMs, tagTimeMs, addTimeMs }: ImageRecord): number {
  return Math.max(lastUsedTimeMs ?? 0, tagTimeMs ?? 0, addTimeMs);
}

/** An unpacked layer, shared by all images that have it. */
export interface Layer {
  /** Its directory's name: short, so that 500 of them fit into one mount call. */
  readonly name: string;
  /** The digest of the uncompressed tar. */
  readonly diffId: string;
  /** The apparent sizes of its files. */
  readonly sizeBytes: number;
  /** How it wants the image's root directory; null when it does not say. */
  readonly root: RootAttributes | null;
}

/** The writable layer of a container. */
export interface Snapshot {
  /** The container's id. */
  readonly key: string;
  /** Its directory's name. */
  readonly name: string;
  readonly imageId: string;
}

const DEFAULT_ROOT: RootAttributes = { mode: 0o755, uid: 0, gid: 0 };

/** How the root directory of a stack of layers is: as the uppermost layer says that says anything. */
export function rootAttributesOf(layers: readonly Layer[]): RootAttributes {
  return layers.findLast((layer) => layer.root !== null)?.root ?? DEFAULT_ROOT;
}

/** The most layers that overlayfs stacks. */
export const LAYERS_MAX = 500;

/**
 * The lower directories of a stack of layers (lowest first), uppermost first as overlayfs wants them. A layer that is in the stack twice
 * stays where it is uppermost: what it has shows from there, and overlayfs refuses a directory twice.
 */
export function lowerDirsOf(layers: readonly Layer[]): string[] {
  return [...new Set(layers.map((layer) => layer.name).reverse())];
}

/** The chainID of each layer of an image, lowest first (https://github.com/opencontainers/image-spec/blob/main/config.md#layer-chainid). */
export function chainIdsOf(diffIds: readonly string[], digest: (text: string) => string): string[] {
  const chainIds: string[] = [];
  for (const diffId of diffIds) {
    const below = chainIds.at(-1);
    chainIds.push(below === undefined ? diffId : digest(`${below} ${diffId}`));
  }
  return chainIds;
}

/** The container that a snapshot is of: its key is the container's id, with a dot and more for an image that the container mounts. */
export function snapshotOwner(key: string): string {
  return key.split('.', 1)[0] ?? key;
}

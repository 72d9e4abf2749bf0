import { BerthError } from '@berth/errors';
import { familiarReference, parseImageConfig, sha256Digest } from '@berth/oci';
import { sourceOf } from './diff-snapshot.ts';
import type { Durability } from './durability.ts';
import { LAYERS_MAX, rootAttributesOf, type Image, type ImageRecord, type Layer } from './image.ts';
import type { LayerPool } from './layer-pool.ts';
import { parseContainerConfig, parseNewReference } from './new-image.ts';
import type { ImageStore, LayerStore, SnapshotDirectories, SnapshotStore, StagedLayer } from './ports.ts';

export interface CommitSnapshotRequest {
  readonly key: string;
  /** Paths relative to the root that the engine has made to mount on. */
  readonly mountPoints: readonly string[];
  /** Empty for none. */
  readonly reference: string;
  /** An OCI config's `config` object as JSON, in the place of the image's. */
  readonly config: Uint8Array;
  readonly author: string;
  /** The comment in the history. */
  readonly message: string;
  /** The command in the history. */
  readonly createdBy: string;
  /** Makes one layer of all. */
  readonly squash: boolean;
}

export interface CommitDeps {
  readonly images: Pick<ImageStore, 'find' | 'get' | 'layersOf' | 'commit'>;
  readonly snapshots: Pick<SnapshotStore, 'get'>;
  readonly directories: Pick<SnapshotDirectories, 'upperDir'>;
  readonly layers: Pick<LayerStore, 'copy'>;
  readonly pool: Pick<LayerPool, 'adopt' | 'hold'>;
  readonly durability: Pick<Durability, 'begin'>;
  readonly nowMs: () => number;
}

/**
 * Makes an image of a snapshot that may be mounted. Throws SNAPSHOT_NOT_FOUND, REFERENCE_INVALID, INVALID_ARGUMENT, IMAGE_CONFIG_INVALID,
 * LAYER_INVALID, LAYER_LIMIT, DISK_FULL, CANCELLED; then nothing of it stays.
 */
export type CommitSnapshot = (request: CommitSnapshotRequest, signal: AbortSignal) => Promise<ImageRecord>;

export function createCommitSnapshot(deps: CommitDeps): CommitSnapshot {
  const { images, snapshots, layers, pool } = deps;
  return async function commitSnapshot(request, signal) {
    const { key, mountPoints, squash } = request;
    const reference = parseNewReference(request.reference, 'cannot commit to digest reference');
    const containerConfig = parseContainerConfig(request.config);
    const source = sourceOf(deps, key, mountPoints);
    const parent = images.find(snapshots.get(key)?.imageId ?? '') as Image;
    const below = images.layersOf(parent.id);
    if (!squash && source.lowerDirs.length >= LAYERS_MAX) throw new BerthError('LAYER_LIMIT', 'max depth exceeded');
    // The container and its image may go meanwhile.
    const release = pool.hold(below);
    try {
      let isEmpty = false;
      const stage = async (): Promise<StagedLayer> => {
        const staged = await layers.copy(source, { squash, signal });
        isEmpty = !squash && changesNothing(staged, below);
        return staged;
      };
      const held = await pool.adopt(stage, signal);
      try {
        const stack = squash ? [held.layer] : isEmpty ? below : [...below, held.layer];
        return save(deps, { request, reference, containerConfig, parent, stack, isEmpty });
      } finally {
        held.release();
      }
    } finally {
      release();
    }
  };
}

/** A layer always has its root directory. */
function changesNothing({ entries, root }: StagedLayer, below: readonly Layer[]): boolean {
  const old = rootAttributesOf(below);
  return entries <= 1 && root?.mode === old.mode && root.uid === old.uid && root.gid === old.gid;
}

interface NewImage {
  readonly request: CommitSnapshotRequest;
  readonly reference: ReturnType<typeof parseNewReference>;
  readonly containerConfig: object;
  readonly parent: Image;
  /** Lowest first. */
  readonly stack: readonly Layer[];
  readonly isEmpty: boolean;
}

function save({ images, durability, nowMs }: CommitDeps, made: NewImage): ImageRecord {
  const { reference, parent, stack } = made;
  const timeMs = nowMs();
  const config = createConfig(made, new Date(timeMs));
  const id = sha256Digest(config);
  const sizeBytes = stack.reduce((sum, layer) => sum + layer.sizeBytes, 0);
  images.commit({
    image: { id, config, platform: parent.platform, sizeBytes, createTimeMs: timeMs },
    layers: stack,
    references: reference === null ? [] : [reference],
    events: reference === null ? [] : [{ verb: 'tag', objectId: id, name: familiarReference(reference) }],
    isLeased: false,
    parentId: made.request.squash ? null : parent.id,
  });
  durability.begin();
  return images.get(id) as ImageRecord;
}

/** What Docker's builders of old wrote of the container that made an image. */
const OF_ITS_MAKING = ['container', 'container_config', 'docker_version', 'id', 'parent', 'author'];

/** The image's config with another container config, layers and history. Throws IMAGE_CONFIG_INVALID. */
function createConfig({ request, containerConfig, parent, stack, isEmpty }: NewImage, time: Date): Buffer {
  const old = JSON.parse(Buffer.from(parent.config).toString('utf8')) as Record<string, unknown>;
  const history = Array.isArray(old.history) ? (old.history as object[]) : [];
  const created = time.toISOString();
  const document = {
    ...Object.fromEntries(Object.entries(old).filter(([key]) => !OF_ITS_MAKING.includes(key))),
    created,
    ...(request.author === '' ? {} : { author: request.author }),
    config: containerConfig,
    rootfs: { type: 'layers', diff_ids: stack.map(({ diffId }) => diffId) },
    history: [
      ...(request.squash ? history.map((entry) => ({ ...entry, empty_layer: true })) : history),
      {
        created,
        created_by: request.createdBy,
        ...(request.author === '' ? {} : { author: request.author }),
        ...(request.message === '' ? {} : { comment: request.message }),
        ...(isEmpty ? { empty_layer: true } : {}),
      },
    ],
  };
  const bytes = Buffer.from(JSON.stringify(document));
  parseImageConfig(bytes);
  return bytes;
}

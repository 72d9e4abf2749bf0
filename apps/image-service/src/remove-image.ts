import { parseImageConfig, sha256Digest, type Reference } from '@berth/oci';
import { chainIdsOf, type ImageRecord, type Layer } from './image.ts';
import type { LayerPool } from './layer-pool.ts';
import type { Leases } from './leases.ts';
import type { ImageEvent, ImageStore } from './ports.ts';

/** What was removed, in order. */
export interface RemovedImages {
  readonly untagged: readonly Reference[];
  /** The image id, then the chainIDs of its layers that went with it, uppermost first; then the same of its parents. */
  readonly deleted: readonly string[];
  /** The sizes of the files of these layers. */
  readonly reclaimedBytes: number;
}

export interface RemoveOptions {
  /** The images that it was committed on go too, as far as they have no name and nothing else needs them. */
  readonly withParents: boolean;
}

/** Removes an image with all its names and the layers that no other has, without asking whether it may be. */
export type RemoveImage = (image: ImageRecord, options: RemoveOptions) => RemovedImages;

export interface RemoveDeps {
  readonly store: Pick<ImageStore, 'get' | 'remove'>;
  readonly pool: Pick<LayerPool, 'isPinned' | 'discard'>;
  readonly leases: Pick<Leases, 'endUnused'>;
}

export function createRemoveImage({ store, pool, leases }: RemoveDeps): RemoveImage {
  function removeOne(image: ImageRecord): RemovedImages {
    const events = [...image.references.map(() => imageEvent('untag', image)), imageEvent('delete', image)];
    const { layers } = store.remove(image.id, events, pool.isPinned);
    pool.discard(layers);
    const reclaimedBytes = layers.reduce((sum, layer) => sum + layer.sizeBytes, 0);
    return { untagged: image.references, deleted: [image.id, ...chainIdsOfRemoved(image, layers)], reclaimedBytes };
  }

  return function removeImage(image, { withParents }) {
    const removed = [removeOne(image)];
    for (let { parentId } = image; withParents && parentId !== null;) {
      const parent = store.get(parentId);
      if (parent === null || isNeeded(parent)) break;
      removed.push(removeOne(parent));
      parentId = parent.parentId;
    }
    leases.endUnused();
    return {
      untagged: image.references,
      deleted: removed.flatMap(({ deleted }) => deleted),
      reclaimedBytes: removed.reduce((sum, { reclaimedBytes }) => sum + reclaimedBytes, 0),
    };
  };
}

function isNeeded({ references, snapshotKeys, hasChildren }: ImageRecord): boolean {
  return references.length > 0 || snapshotKeys.length > 0 || hasChildren;
}

/** Docker tells the image's id as its name once the name is gone. */
export function imageEvent(verb: ImageEvent['verb'], image: ImageRecord): ImageEvent {
  return { verb, objectId: image.id, name: image.id };
}

function chainIdsOfRemoved(image: ImageRecord, layers: readonly Layer[]): string[] {
  const removed = new Set(layers.map(({ diffId }) => diffId));
  const { diffIds } = parseImageConfig(image.config);
  const chainIds = chainIdsOf(diffIds, (text) => sha256Digest(Buffer.from(text)));
  return chainIds.filter((_, index) => removed.has(diffIds[index] as string)).reverse();
}

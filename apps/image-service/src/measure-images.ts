import type { ImageRecord } from './image.ts';
import type { ImageStore } from './ports.ts';

/** What an image holds on the disk: the two sizes add up to its own. */
export interface ImageUsage {
  readonly image: ImageRecord;
  /** In layers that other images have, too. */
  readonly sharedBytes: number;
  /** In layers that only it has. */
  readonly uniqueBytes: number;
}

export interface ImagesUsage {
  /** Newest first, without those that have no name and that others were committed on. */
  readonly usages: readonly ImageUsage[];
  /** All layers, each once. */
  readonly layersBytes: number;
  /** The layers that no image with a container has: what goes when all unused images are pruned. */
  readonly reclaimableBytes: number;
}

export type MeasureImages = () => ImagesUsage;

interface SharedLayer {
  readonly sizeBytes: number;
  readonly imageIds: string[];
}

export function createMeasureImages(store: Pick<ImageStore, 'list' | 'listUses'>): MeasureImages {
  return function measureImages() {
    const images = store.list({ omitConfigs: true });
    const layers = [...groupLayers(store).values()];
    const unused = new Set(images.filter(({ snapshotKeys }) => snapshotKeys.length === 0).map(({ id }) => id));
    const uniqueBytes = sumByOwner(layers);
    const usages = images
      .filter(({ references, hasChildren }) => references.length > 0 || !hasChildren)
      .map((image) => {
        const unique = uniqueBytes.get(image.id) ?? 0;
        return { image, uniqueBytes: unique, sharedBytes: image.sizeBytes - unique };
      });
    // An image that is hidden is used, or it would be gone.
    const reclaimable = layers.filter(({ imageIds }) => imageIds.every((id) => unused.has(id)));
    return { usages, layersBytes: sumOf(layers), reclaimableBytes: sumOf(reclaimable) };
  };
}

function groupLayers(store: Pick<ImageStore, 'listUses'>): Map<string, SharedLayer> {
  const layers = new Map<string, SharedLayer>();
  for (const { imageId, diffId, sizeBytes } of store.listUses()) {
    const layer = layers.get(diffId) ?? { sizeBytes, imageIds: [] };
    layer.imageIds.push(imageId);
    layers.set(diffId, layer);
  }
  return layers;
}

/** The sizes of the layers that only one image has, by that image. */
function sumByOwner(layers: readonly SharedLayer[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { imageIds, sizeBytes } of layers) {
    const [owner = '', another] = imageIds;
    if (another === undefined) sums.set(owner, (sums.get(owner) ?? 0) + sizeBytes);
  }
  return sums;
}

function sumOf(layers: readonly SharedLayer[]): number {
  return layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

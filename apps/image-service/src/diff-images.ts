import type { PathChange } from '@berth/layers';
import { lowerDirsOf } from './image.ts';
import type { LayerPool } from './layer-pool.ts';
import { lookUpImageId } from './lookup.ts';
import type { ImageStore, LayerStore } from './ports.ts';

/** What turns one image into another, by path. Throws IMAGE_NOT_FOUND, IMAGE_AMBIGUOUS, REFERENCE_INVALID, LAYER_LIMIT, CANCELLED. */
export type DiffImages = (from: string, to: string, signal: AbortSignal) => Promise<PathChange[]>;

export interface DiffImagesDeps {
  readonly store: Pick<ImageStore, 'findByReference' | 'findByPrefix' | 'layersOf'>;
  readonly layers: Pick<LayerStore, 'compare'>;
  readonly pool: Pick<LayerPool, 'hold'>;
}

export function createDiffImages({ store, layers, pool }: DiffImagesDeps): DiffImages {
  return async function diffImages(from, to, signal) {
    const stacks = [from, to].map((name) => store.layersOf(lookUpImageId(store, name)));
    // The images may go meanwhile.
    const releases = stacks.map((stack) => pool.hold(stack));
    try {
      const [lower = [], upper = []] = stacks.map(lowerDirsOf);
      return await layers.compare(lower, upper, signal);
    } finally {
      for (const release of releases) release();
    }
  };
}

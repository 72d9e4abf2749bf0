import { setImmediate } from 'node:timers/promises';
import { lastTouchMs, type ImageRecord } from './image.ts';
import type { ImageStore } from './ports.ts';
import type { RemoveImage } from './remove-image.ts';

/** So long after somebody has shown that an image is wanted, the budget leaves it. */
export const BUDGET_GRACE_MS = 10 * 60_000;

export interface ImageBudgetDeps {
  readonly store: Pick<ImageStore, 'list' | 'get' | 'measureLayers'>;
  readonly removeImage: RemoveImage;
  /** What all unpacked layers together may have. */
  readonly maxBytes: number;
  readonly nowMs: () => number;
  /** Told of each image that was removed. */
  readonly onRemoved: (imageId: string, reclaimedBytes: number) => void;
}

/**
 * Removes images until the layers fit into the budget: those that no container has and that nobody has used, named or brought here for
 * BUDGET_GRACE_MS, the one that was wanted longest ago first. When that is not enough, the rest stays. Ends early when aborted.
 */
export type KeepBudget = (signal: AbortSignal) => Promise<void>;

export function createKeepBudget({ store, removeImage, maxBytes, nowMs, onRemoved }: ImageBudgetDeps): KeepBudget {
  function isIdle(image: ImageRecord): boolean {
    const isFree = image.snapshotKeys.length === 0 && !image.hasChildren;
    return isFree && lastTouchMs(image) <= nowMs() - BUDGET_GRACE_MS;
  }

  function findOldest(): ImageRecord | null {
    const idle = store.list().filter(isIdle);
    return idle.reduce<ImageRecord | null>(
      (oldest, image) => (oldest === null || lastTouchMs(image) < lastTouchMs(oldest) ? image : oldest),
      null,
    );
  }

  return async function keepBudget(signal) {
    while (!signal.aborted && store.measureLayers() > maxBytes) {
      const image = findOldest();
      if (image === null) return;
      const { reclaimedBytes } = removeImage(image, { withParents: true });
      onRemoved(image.id, reclaimedBytes);
      await setImmediate();
    }
  };
}

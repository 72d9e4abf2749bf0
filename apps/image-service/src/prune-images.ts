import { setImmediate } from 'node:timers/promises';
import { BerthError } from '@berth/errors';
import { checkFilterKeys, labelTest, parseBooleanFilter, parseUntil, unusedTest, valuesOf } from './image-filters.ts';
import type { ImageFilter, ImageTest } from './image-filters.ts';
import type { ImageRecord } from './image.ts';
import type { ImageStore } from './ports.ts';
import type { RemovedImages, RemoveImage } from './remove-image.ts';

export interface PruneRequest {
  /** Also images with a tag. */
  readonly all: boolean;
  readonly filters: readonly ImageFilter[];
}

/**
 * Removes images that no container has, as `docker image prune` does (https://github.com/moby/moby/blob/v28.5.2/daemon/images/image_prune.go);
 * but an image that stays, because another was committed on it, keeps its names. Ends early when aborted, and returns what it has removed.
 * Throws INVALID_ARGUMENT, and ABORTED while another runs.
 */
export type PruneImages = (request: PruneRequest, signal: AbortSignal) => Promise<RemovedImages[]>;

export interface PruneDeps {
  readonly store: Pick<ImageStore, 'list' | 'get' | 'tell'>;
  readonly removeImage: RemoveImage;
  readonly nowMs: () => number;
}

const FILTERS = ['dangling', 'label', 'label!', 'until', 'unused-for'];

export function createPruneImages({ store, removeImage, nowMs }: PruneDeps): PruneImages {
  let isRunning = false;

  async function prune(isWanted: ImageTest, signal: AbortSignal): Promise<RemovedImages[]> {
    const removed: RemovedImages[] = [];
    // What goes may have been the last that was committed on another, which can go then, too.
    for (let before = -1; before < removed.length;) {
      before = removed.length;
      for (const { id } of store.list().filter(isWanted)) {
        const image = store.get(id);
        if (image === null || !isWanted(image) || signal.aborted) continue;
        removed.push(removeImage(image, { withParents: true }));
        // Each removal waits for the disk, and starts of containers shall not wait for all of them.
        await setImmediate();
      }
    }
    const reclaimedBytes = removed.reduce((sum, image) => sum + image.reclaimedBytes, 0);
    store.tell({ verb: 'prune', reclaimedBytes });
    return removed;
  }

  return async function pruneImages(request, signal) {
    const isWanted = parseRequest(request, nowMs());
    if (isRunning) throw new BerthError('ABORTED', 'a prune operation is already running');
    isRunning = true;
    try {
      return await prune(isWanted, signal);
    } finally {
      isRunning = false;
    }
  };
}

function parseRequest({ all, filters }: PruneRequest, nowMs: number): ImageTest {
  checkFilterKeys(filters, FILTERS);
  const impliesAll = all || valuesOf(filters, 'unused-for').length > 0;
  const danglingOnly = parseBooleanFilter(filters, 'dangling') ?? !impliesAll;
  const [until = null, another] = parseUntil(filters, nowMs);
  if (another !== undefined) throw new BerthError('INVALID_ARGUMENT', 'more than one until filter specified');
  const tests = [unusedTest(filters, nowMs), labelTest(filters), createUntilTest(until)];
  const isCandidate = (image: ImageRecord): boolean =>
    image.snapshotKeys.length === 0 && !image.hasChildren && !(danglingOnly && hasTag(image));
  return (image) => isCandidate(image) && tests.every((test) => test(image));
}

function createUntilTest(until: number | null): ImageTest {
  return ({ createTimeMs }) => until === null || (createTimeMs !== null && createTimeMs <= until);
}

function hasTag({ references }: ImageRecord): boolean {
  return references.some(({ tag }) => tag !== null);
}

import { familiarReference, parseReference } from '@berth/oci';
import type { Images } from '../engine/images.ts';
import type { FilterOption } from '../options/filter-options.ts';

/** What a prune of images has done. */
export interface PrunedImages {
  /** What went, as Docker lists it; empty when nothing did. */
  readonly text: string;
  readonly reclaimedBytes: bigint;
}

export async function pruneImages(
  { calls }: Images,
  { all, filters, signal }: { all: boolean; filters: FilterOption[]; signal: AbortSignal },
): Promise<PrunedImages> {
  const { removed, reclaimedBytes } = await calls.pruneImages({ all, filters }, { signal });
  const lines = removed.flatMap(({ untagged, deleted }) => [
    ...untagged.map((reference) => `untagged: ${familiarReference(parseReference(reference))}\n`),
    ...deleted.map((digest) => `deleted: ${digest}\n`),
  ]);
  return { text: lines.length === 0 ? '' : `Deleted Images:\n${lines.join('')}`, reclaimedBytes };
}

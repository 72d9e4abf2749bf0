import { familiarReference, parseReference } from '@berth/oci';
import type { CommandContext } from '../context.ts';
import { connectImages } from '../engine/images.ts';
import type { FilterOption } from '../options/filter-options.ts';
import { deletedText, type Pruned } from './pruned.ts';

export async function pruneImages(
  context: CommandContext,
  request: { all: boolean; filters: FilterOption[] },
): Promise<Pruned> {
  using images = connectImages(context);
  const { removed, reclaimedBytes } = await images.client.pruneImages(request, { signal: context.signal });
  const lines = removed.flatMap(({ untagged, deleted }) => [
    ...untagged.map((reference) => `untagged: ${familiarReference(parseReference(reference))}`),
    ...deleted.map((digest) => `deleted: ${digest}`),
  ]);
  return { text: deletedText('Images', lines), reclaimedBytes };
}

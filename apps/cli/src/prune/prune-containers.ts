import type { CommandContext } from '../context.ts';
import { connectContainers } from '../engine/containers.ts';
import type { FilterOption } from '../options/filter-options.ts';
import { deletedText, type Pruned } from './pruned.ts';

export async function pruneContainers(context: CommandContext, filters: FilterOption[]): Promise<Pruned> {
  using containers = connectContainers(context);
  const { deletedIds, reclaimedBytes } = await containers.client.pruneContainers(
    { filters },
    { signal: context.signal },
  );
  return { text: deletedText('Containers', deletedIds), reclaimedBytes };
}

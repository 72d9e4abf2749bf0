import type { CommandContext } from '../context.ts';
import { connectContainers } from '../engine/containers.ts';
import type { FilterOption } from '../options/filter-options.ts';
import { deletedText, type Pruned } from './pruned.ts';

export async function pruneNetworks(context: CommandContext, filters: FilterOption[]): Promise<Pruned> {
  using containers = connectContainers(context);
  const { deletedNames } = await containers.client.pruneNetworks({ filters }, { signal: context.signal });
  return { text: deletedText('Networks', deletedNames), reclaimedBytes: 0n };
}

import type { CommandContext } from '../context.ts';
import { connectVolumes } from '../engine/volumes.ts';
import type { FilterOption } from '../options/filter-options.ts';
import { deletedText, type Pruned } from './pruned.ts';

/** Removes the volumes that no container has: the anonymous ones, or with the filter `all` all of them. */
export async function pruneVolumes(context: CommandContext, filters: readonly FilterOption[]): Promise<Pruned> {
  using volumes = connectVolumes(context);
  const request = { filters: [...filters] };
  const { names, reclaimedBytes } = await volumes.client.pruneVolumes(request, { signal: context.signal });
  return { text: deletedText('Volumes', names), reclaimedBytes };
}

import { isBerthError } from '@berth/errors';
import type { Volume } from '@berth/proto/volume';
import type { CommandContext } from '../context.ts';
import { measureVolumes } from '../disk-usage/measure-disk.ts';
import { connectVolumes } from '../engine/volumes.ts';
import type { FilterOption } from '../options/filter-options.ts';
import { deletedText, type Pruned } from './pruned.ts';

/** Removes the anonymous volumes that no container has. */
export async function pruneVolumes(context: CommandContext, filters: readonly FilterOption[]): Promise<Pruned> {
  const candidates = await measureVolumes(
    context,
    (volume) => volume.anonymous && volume.containerIds.length === 0 && fits(volume, filters),
  );
  using client = connectVolumes(context);
  const names: string[] = [];
  let reclaimedBytes = 0n;
  for (const { volume, sizeBytes } of candidates) {
    try {
      await client.calls.deleteVolume({ name: volume.name }, { signal: context.signal });
      names.push(volume.name);
      reclaimedBytes += sizeBytes;
    } catch (error) {
      // It has come into use since it was listed, or somebody else was faster.
      if (!isBerthError(error, 'VOLUME_IN_USE') && !isBerthError(error, 'VOLUME_NOT_FOUND')) throw error;
    }
  }
  return { text: deletedText('Volumes', names), reclaimedBytes };
}

/** `label` and `label!`, each `name` or `name=value`. */
function fits({ labels }: Volume, filters: readonly FilterOption[]): boolean {
  return filters.every(({ key, value }) => {
    const [name = '', ...rest] = value.split('=');
    const has = Object.hasOwn(labels, name) && (rest.length === 0 || labels[name] === rest.join('='));
    return key === 'label!' ? !has : has;
  });
}

import { defineCommand } from '../command.ts';
import { connectVolumes } from '../engine/volumes.ts';
import { FORMAT_HELP } from '../format/format-help.ts';
import { compareNaturally } from '../format/natural-order.ts';
import { formatRows } from '../format/rows.ts';
import { filterOption, parseFilterOptions } from '../options/filter-options.ts';
import { SIZED_VOLUME_FORMAT, sizedVolumeRow, VOLUME_FORMAT, volumeRow } from '../volume/volume-row.ts';

export const command = defineCommand({
  usage: '[OPTIONS]',
  args: { exactly: 0 },
  options: {
    filter: { ...filterOption('Provide filter values (e.g. "dangling=true")'), short: 'f' },
    format: { kind: 'string', help: FORMAT_HELP.list },
    size: { kind: 'flag', short: 's', help: 'Display sizes, how many containers have them, and their last use' },
    quiet: { kind: 'flag', short: 'q', help: 'Only display volume names' },
  },
  async run(context, { options }) {
    const filters = parseFilterOptions(options.filter);
    using client = connectVolumes(context);
    const { volumes } = await client.client.listVolumes({ filters }, { signal: context.signal });
    const shown = volumes.sort((a, b) => compareNaturally(a.name, b.name));
    if (options.size && !options.quiet) {
      const names = shown.map(({ name }) => name);
      const { usages } = await client.client.measureVolumes({ names }, { signal: context.signal });
      const sizes = new Map(usages.map(({ name, sizeBytes }) => [name, sizeBytes]));
      const nowMs = Date.now();
      const rows = shown.map((volume) => sizedVolumeRow(volume, sizes.get(volume.name) ?? 0n, nowMs));
      context.stdout.write(formatRows(rows, options.format, SIZED_VOLUME_FORMAT));
      return 0;
    }
    if (options.quiet) context.stdout.write(shown.map(({ name }) => `${name}\n`).join(''));
    else context.stdout.write(formatRows(shown.map(volumeRow), options.format, VOLUME_FORMAT));
    return 0;
  },
});

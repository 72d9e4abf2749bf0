import type { Volume } from '@berth/proto/volume';
import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import { connectVolumes } from '../engine/volumes.ts';
import { FORMAT_HELP } from '../format/format-help.ts';
import { formatRows } from '../format/rows.ts';
import { VOLUME_FORMAT, volumeRow } from '../volume/volume-row.ts';

export const command = defineCommand({
  usage: '[OPTIONS]',
  args: { exactly: 0 },
  options: {
    filter: { kind: 'list', short: 'f', valueName: 'filter', help: 'Provide filter values (e.g. "dangling=true")' },
    format: { kind: 'string', help: FORMAT_HELP.list },
    quiet: { kind: 'flag', short: 'q', help: 'Only display volume names' },
  },
  async run(context, { options }) {
    const filters = options.filter.map(parseFilter);
    using client = connectVolumes(context);
    const { volumes } = await client.calls.listVolumes({}, { signal: context.signal });
    const shown = volumes.filter((volume) => filters.every((filter) => filter(volume)));
    if (options.quiet) context.stdout.write(shown.map(({ name }) => `${name}\n`).join(''));
    else context.stdout.write(formatRows(shown.map(volumeRow), options.format, VOLUME_FORMAT));
    return 0;
  },
});

function parseFilter(text: string): (volume: Volume) => boolean {
  const [key = '', ...rest] = text.split('=');
  const value = rest.join('=');
  switch (key) {
    case 'name':
      return ({ name }) => name.includes(value);
    case 'driver':
      return ({ driver }) => driver === value;
    case 'dangling':
      return ({ containerIds }) => (containerIds.length === 0) === (value === 'true' || value === '1');
    case 'label': {
      const [name = '', ...labelValue] = value.split('=');
      return ({ labels }) =>
        Object.hasOwn(labels, name) && (labelValue.length === 0 || labels[name] === labelValue.join('='));
    }
    default:
      throw new CliError(`Error response from daemon: invalid filter '${key}'`);
  }
}

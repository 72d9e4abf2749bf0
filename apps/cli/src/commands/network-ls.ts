import { defineCommand } from '../command.ts';
import { connectContainers } from '../engine/containers.ts';
import { FORMAT_HELP } from '../format/format-help.ts';
import { formatRows } from '../format/rows.ts';
import { shortId } from '../format/text.ts';
import { NETWORK_FORMAT, networkRow } from '../network/network-row.ts';
import { filterOption, parseFilterOptions } from '../options/filter-options.ts';

export const command = defineCommand({
  usage: '[OPTIONS]',
  args: { exactly: 0 },
  options: {
    filter: { ...filterOption('Provide filter values (e.g. "driver=bridge")'), short: 'f' },
    format: { kind: 'string', help: FORMAT_HELP.list },
    'no-trunc': { kind: 'flag', help: 'Do not truncate the output' },
    quiet: { kind: 'flag', short: 'q', help: 'Only display network IDs' },
  },
  async run(context, { options }) {
    const filters = parseFilterOptions(options.filter);
    using containers = connectContainers(context);
    const { networks } = await containers.client.listNetworks({ filters }, { signal: context.signal });
    const noTrunc = options['no-trunc'];
    if (options.quiet) context.stdout.write(networks.map(({ id }) => `${noTrunc ? id : shortId(id)}\n`).join(''));
    else {
      const rows = networks.map((network) => networkRow(network, { noTrunc }));
      context.stdout.write(formatRows(rows, options.format, NETWORK_FORMAT));
    }
    return 0;
  },
});

import { defineCommand } from '../command.ts';
import { measureDisk } from '../disk-usage/measure-disk.ts';
import { usageDetails } from '../disk-usage/usage-details.ts';
import { USAGE_FORMAT, usageRows } from '../disk-usage/usage-rows.ts';
import { FORMAT_HELP } from '../format/format-help.ts';
import { formatRows } from '../format/rows.ts';

export const command = defineCommand({
  usage: '[OPTIONS]',
  args: { exactly: 0 },
  options: {
    format: { kind: 'string', help: FORMAT_HELP.list },
    verbose: { kind: 'flag', short: 'v', help: 'Show detailed information on space usage' },
  },
  async run(context, { options: { format, verbose } }) {
    const usage = await measureDisk(context);
    context.stdout.write(verbose ? usageDetails(usage, format) : formatRows(usageRows(usage), format, USAGE_FORMAT));
    return 0;
  },
});

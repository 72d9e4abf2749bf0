import { defineCommand } from '../command.ts';
import { confirm } from '../engine/confirm.ts';
import { connectContainers } from '../engine/containers.ts';
import { formatSize } from '../format/human-size.ts';
import { parseFilterOptions } from '../options/filter-options.ts';

const TOTAL_PRECISION = 4;

export const command = defineCommand({
  usage: '[OPTIONS]',
  args: { exactly: 0 },
  options: {
    filter: { kind: 'list', valueName: 'filter', help: 'Provide filter values (e.g. "until=<timestamp>")' },
    force: { kind: 'flag', short: 'f', help: 'Do not prompt for confirmation' },
  },
  async run(context, { options }) {
    const filters = parseFilterOptions(options.filter);
    const warning = 'WARNING! This will remove all stopped containers.';
    if (!options.force && !(await confirm(context, warning))) return 0;
    using containers = connectContainers(context);
    const { deletedIds, reclaimedBytes } = await containers.calls.pruneContainers(
      { filters },
      { signal: context.signal },
    );
    if (deletedIds.length > 0) context.stdout.write(`Deleted Containers:\n${deletedIds.join('\n')}\n\n`);
    context.stdout.write(`Total reclaimed space: ${formatSize(reclaimedBytes, TOTAL_PRECISION)}\n`);
    return 0;
  },
});

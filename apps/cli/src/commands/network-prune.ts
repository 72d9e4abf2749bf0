import { defineCommand } from '../command.ts';
import { confirm } from '../engine/confirm.ts';
import { parseFilterOptions } from '../options/filter-options.ts';
import { pruneNetworks } from '../prune/prune-networks.ts';
import { stepText } from '../prune/pruned.ts';

export const command = defineCommand({
  usage: '[OPTIONS]',
  args: { exactly: 0 },
  options: {
    filter: { kind: 'list', valueName: 'filter', help: 'Provide filter values (e.g. "until=<timestamp>")' },
    force: { kind: 'flag', short: 'f', help: 'Do not prompt for confirmation' },
  },
  async run(context, { options }) {
    const filters = parseFilterOptions(options.filter);
    const warning = 'WARNING! This will remove all custom networks not used by at least one container.';
    if (!options.force && !(await confirm(context, warning))) return 0;
    context.stdout.write(stepText(await pruneNetworks(context, filters)));
    return 0;
  },
});

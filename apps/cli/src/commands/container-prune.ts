import { defineCommand } from '../command.ts';
import { confirm } from '../engine/confirm.ts';
import { parseFilterOptions } from '../options/filter-options.ts';
import { pruneContainers } from '../prune/prune-containers.ts';
import { prunedText } from '../prune/pruned.ts';

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
    context.stdout.write(prunedText(await pruneContainers(context, filters)));
    return 0;
  },
});

import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import { confirm } from '../engine/confirm.ts';
import { filterOption, parseFilterOptions } from '../options/filter-options.ts';
import { pruneVolumes } from '../prune/prune-volumes.ts';
import { prunedText } from '../prune/pruned.ts';

export const command = defineCommand({
  usage: '[OPTIONS]',
  args: { exactly: 0 },
  options: {
    all: { kind: 'flag', short: 'a', help: 'Remove all unused volumes, not just anonymous ones' },
    filter: filterOption('Provide filter values (e.g. "label=<label>")'),
    force: { kind: 'flag', short: 'f', help: 'Do not prompt for confirmation' },
  },
  async run(context, { options: { all, filter, force } }) {
    const filters = parseFilterOptions(filter);
    if (all && filters.some(({ key }) => key === 'all')) {
      throw new CliError('conflicting options: cannot specify both --all and --filter all=1');
    }
    const which = all ? 'all local volumes' : 'anonymous local volumes';
    const warning = `WARNING! This will remove ${which} not used by at least one container.`;
    if (!force && !(await confirm(context, warning))) return 0;
    const wanted = all ? [...filters, { key: 'all', value: 'true' }] : filters;
    context.stdout.write(prunedText(await pruneVolumes(context, wanted)));
    return 0;
  },
});

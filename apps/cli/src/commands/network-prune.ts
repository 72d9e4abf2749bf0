import { defineCommand } from '../command.ts';
import { confirm } from '../engine/confirm.ts';
import { connectContainers } from '../engine/containers.ts';
import { parseFilterOptions } from '../options/filter-options.ts';

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
    using containers = connectContainers(context);
    const { deletedNames } = await containers.calls.pruneNetworks({ filters }, { signal: context.signal });
    if (deletedNames.length > 0) context.stdout.write(`Deleted Networks:\n${deletedNames.join('\n')}\n\n`);
    return 0;
  },
});

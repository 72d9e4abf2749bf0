import { defineCommand } from '../command.ts';
import { confirm } from '../engine/confirm.ts';
import { filterOption, parseFilterOptions } from '../options/filter-options.ts';
import { pruneImages } from '../prune/prune-images.ts';
import { prunedText } from '../prune/pruned.ts';

const WARNINGS = {
  all: 'WARNING! This will remove all images without at least one container associated to them.',
  dangling: 'WARNING! This will remove all dangling images.',
};

export const command = defineCommand({
  usage: '[OPTIONS]',
  args: { exactly: 0 },
  options: {
    all: { kind: 'flag', short: 'a', help: 'Remove all unused images, not just dangling ones' },
    filter: filterOption('Provide filter values (e.g. "until=<timestamp>", "unused-for=<duration>")'),
    force: { kind: 'flag', short: 'f', help: 'Do not prompt for confirmation' },
  },
  async run(context, { options: { all, filter, force } }) {
    const filters = parseFilterOptions(filter);
    const isOfAll = all || filters.some(({ key }) => key === 'unused-for');
    if (!force && !(await confirm(context, isOfAll ? WARNINGS.all : WARNINGS.dangling))) return 0;
    context.stdout.write(prunedText(await pruneImages(context, { all, filters })));
    return 0;
  },
});

import { defineCommand } from '../command.ts';
import { confirm } from '../engine/confirm.ts';
import { connectImages } from '../engine/images.ts';
import { formatSize } from '../format/human-size.ts';
import { pruneImages } from '../image/prune-images.ts';
import { parseFilterOptions } from '../options/filter-options.ts';

const TOTAL_PRECISION = 4;
const WARNINGS = {
  all: 'WARNING! This will remove all images without at least one container associated to them.',
  dangling: 'WARNING! This will remove all dangling images.',
};

export const command = defineCommand({
  usage: '[OPTIONS]',
  args: { exactly: 0 },
  options: {
    all: { kind: 'flag', short: 'a', help: 'Remove all unused images, not just dangling ones' },
    filter: {
      kind: 'list',
      valueName: 'filter',
      help: 'Provide filter values (e.g. "until=<timestamp>", "unused-for=<duration>")',
    },
    force: { kind: 'flag', short: 'f', help: 'Do not prompt for confirmation' },
  },
  async run(context, { options: { all, filter, force } }) {
    const filters = parseFilterOptions(filter);
    const isOfAll = all || filters.some(({ key }) => key === 'unused-for');
    if (!force && !(await confirm(context, isOfAll ? WARNINGS.all : WARNINGS.dangling))) return 0;
    using images = connectImages(context);
    const { text, reclaimedBytes } = await pruneImages(images, { all, filters, signal: context.signal });
    if (text !== '') context.stdout.write(`${text}\n`);
    context.stdout.write(`Total reclaimed space: ${formatSize(reclaimedBytes, TOTAL_PRECISION)}\n`);
    return 0;
  },
});

import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { confirm } from '../engine/confirm.ts';
import { filterOption, parseFilterOptions, type FilterOption } from '../options/filter-options.ts';
import { pruneContainers } from '../prune/prune-containers.ts';
import { pruneImages } from '../prune/prune-images.ts';
import { pruneNetworks } from '../prune/prune-networks.ts';
import { pruneVolumes } from '../prune/prune-volumes.ts';
import { stepText, totalText, type Pruned } from '../prune/pruned.ts';

interface Step {
  /** What it removes, as the question says it. */
  readonly warning: string;
  readonly prune: (context: CommandContext, filters: FilterOption[]) => Promise<Pruned>;
}

export const command = defineCommand({
  usage: '[OPTIONS]',
  args: { exactly: 0 },
  options: {
    all: { kind: 'flag', short: 'a', help: 'Remove all unused images not just dangling ones' },
    filter: filterOption('Provide filter values (e.g. "label=<key>=<value>")'),
    force: { kind: 'flag', short: 'f', help: 'Do not prompt for confirmation' },
    volumes: { kind: 'flag', help: 'Prune anonymous volumes' },
  },
  async run(context, { options: { all, filter, force, volumes } }) {
    const filters = parseFilterOptions(filter);
    if (volumes && filters.some(({ key }) => key === 'until')) {
      throw new CliError('ERROR: The "until" filter is not supported with "--volumes"');
    }
    const steps = createSteps({ all, volumes });
    if (!force && !(await confirm(context, warningText(steps, filters)))) return 0;
    const pruned: Pruned[] = [];
    // One after another: a container that goes may have been the last that needed a volume or an image.
    for (const { prune } of steps) {
      const step = await prune(context, filters);
      context.stdout.write(stepText(step));
      pruned.push(step);
    }
    context.stdout.write(totalText(pruned));
    return 0;
  },
});

/** In their order: containers first, which hold the rest. */
function createSteps({ all, volumes }: { all: boolean; volumes: boolean }): Step[] {
  const anonymous = { warning: 'all anonymous volumes not used by at least one container', prune: pruneVolumes };
  return [
    { warning: 'all stopped containers', prune: pruneContainers },
    { warning: 'all networks not used by at least one container', prune: pruneNetworks },
    ...(volumes ? [anonymous] : []),
    {
      warning: all ? 'all images without at least one container associated to them' : 'all dangling images',
      prune: (context, filters) => pruneImages(context, { all, filters }),
    },
  ];
}

function warningText(steps: readonly Step[], filters: readonly FilterOption[]): string {
  const shown = filters
    .filter(({ key }) => ['label', 'label!', 'until'].includes(key))
    .map(({ key, value }) => `  - ${key}=${value}\n`)
    .sort();
  const filtered = shown.length === 0 ? '' : `\n  Items to be pruned will be filtered with:\n${shown.join('')}`;
  return `WARNING! This will remove:\n${steps.map(({ warning }) => `  - ${warning}\n`).join('')}${filtered}`;
}

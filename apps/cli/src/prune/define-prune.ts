import { defineCommand, type Command } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { confirm } from '../engine/confirm.ts';
import { filterOption, parseFilterOptions, type FilterOption } from '../options/filter-options.ts';

/** A prune that asks first. */
export interface Prune {
  readonly warning: string;
  /** Removes what the filters take, and gives what is printed. */
  run(context: CommandContext, filters: FilterOption[]): Promise<string>;
}

/** The command of a prune that has no options but filters and `--force`. */
export function definePrune({ warning, run }: Prune): Command {
  return defineCommand({
    usage: '[OPTIONS]',
    args: { exactly: 0 },
    options: {
      filter: filterOption('Provide filter values (e.g. "until=<timestamp>")'),
      force: { kind: 'flag', short: 'f', help: 'Do not prompt for confirmation' },
    },
    async run(context, { options }) {
      const filters = parseFilterOptions(options.filter);
      if (options.force || (await confirm(context, warning))) context.stdout.write(await run(context, filters));
      return 0;
    },
  });
}

import { defineCommand } from '../command.ts';
import { CONTAINER_FORMAT, containerRow } from '../container/container-row.ts';
import { filterContainers, parseContainerFilters } from '../container/container-filter.ts';
import type { CommandContext } from '../context.ts';
import { connectContainers } from '../engine/containers.ts';
import { shortId } from '../format/text.ts';
import { FORMAT_HELP } from '../format/format-help.ts';
import { formatRows } from '../format/rows.ts';

export const command = defineCommand({
  usage: '[OPTIONS]',
  args: { exactly: 0 },
  options: {
    all: { kind: 'flag', short: 'a', help: 'Show all containers (default shows just running)' },
    filter: { kind: 'list', short: 'f', valueName: 'filter', help: 'Filter output based on conditions provided' },
    format: { kind: 'string', help: FORMAT_HELP.list },
    last: {
      kind: 'int',
      short: 'n',
      help: 'Show n last created containers (includes all states)',
      defaultText: '-1',
    },
    latest: { kind: 'flag', short: 'l', help: 'Show the latest created container (includes all states)' },
    'no-trunc': { kind: 'flag', help: "Don't truncate output" },
    quiet: { kind: 'flag', short: 'q', help: 'Only display container IDs' },
  },
  async run(context, { options }) {
    const filters = parseContainerFilters(options.filter);
    const last = options.latest ? 1 : (options.last ?? -1);
    using containers = connectContainers(context);
    const all = options.all || last > 0 || filters.impliesAll;
    const listed = await containers.calls.listContainers({ all }, { signal: context.signal });
    const found = filterContainers(listed.containers, filters);
    const shown = last > 0 ? found.slice(0, last) : found;
    if (options.quiet) {
      warnAboutFormat(context, options.format);
      context.stdout.write(shown.map(({ id }) => `${options['no-trunc'] ? id : shortId(id)}\n`).join(''));
      return 0;
    }
    const how = { noTrunc: options['no-trunc'], nowMs: Date.now() };
    const rows = shown.map((container) => containerRow(container, how));
    context.stdout.write(formatRows(rows, options.format, CONTAINER_FORMAT));
    return 0;
  },
});

function warnAboutFormat({ stderr }: CommandContext, format: string | undefined): void {
  if (!format) return;
  stderr.write('WARNING: Ignoring custom format, because both --format and --quiet are set.\n');
}

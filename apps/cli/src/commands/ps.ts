import { defineCommand } from '../command.ts';
import { CONTAINER_FORMAT, containerRow } from '../container/container-row.ts';
import { nameImages } from '../container/name-images.ts';
import type { CommandContext } from '../context.ts';
import { readConfigFile } from '../config-file.ts';
import { filterOption, parseFilterOptions } from '../options/filter-options.ts';
import { connectContainers } from '../engine/containers.ts';
import { connectImages } from '../engine/images.ts';
import { shortId } from '../format/text.ts';
import { FORMAT_HELP } from '../format/format-help.ts';
import { formatRows } from '../format/rows.ts';

export const command = defineCommand({
  usage: '[OPTIONS]',
  args: { exactly: 0 },
  options: {
    all: { kind: 'flag', short: 'a', help: 'Show all containers (default shows just running)' },
    filter: { ...filterOption('Filter output based on conditions provided'), short: 'f' },
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
    size: { kind: 'flag', short: 's', help: 'Display total file sizes' },
  },
  async run(context, { options }) {
    const format = options.format ?? (options.quiet ? undefined : readConfigFile(context).psFormat);
    const last = options.latest ? 1 : (options.last ?? -1);
    const query = {
      all: options.all,
      filters: parseFilterOptions(options.filter),
      limit: Math.max(0, last),
      size: options.size || (!options.quiet && /\.Size\b/.test(format ?? '')),
    };
    using containers = connectContainers(context);
    const { containers: shown } = await containers.client.listContainers(query, { signal: context.signal });
    if (options.quiet) {
      warnAboutFormat(context, options.format);
      context.stdout.write(shown.map(({ id }) => `${options['no-trunc'] ? id : shortId(id)}\n`).join(''));
      return 0;
    }
    const how = { noTrunc: options['no-trunc'], nowMs: Date.now() };
    using images = connectImages(context);
    const rows = (await nameImages(images, shown, context.signal)).map((container) => containerRow(container, how));
    const columns = [...CONTAINER_FORMAT.columns, ...(options.size ? ['Size'] : [])];
    context.stdout.write(formatRows(rows, format, { ...CONTAINER_FORMAT, columns }));
    return 0;
  },
});

function warnAboutFormat({ stderr }: CommandContext, format: string | undefined): void {
  if (!format) return;
  stderr.write('WARNING: Ignoring custom format, because both --format and --quiet are set.\n');
}

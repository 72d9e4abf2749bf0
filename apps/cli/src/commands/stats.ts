import { defineCommand } from '../command.ts';
import { statsRow, STATS_FORMAT } from '../container/stats-row.ts';
import { connectContainers } from '../engine/containers.ts';
import { FORMAT_HELP } from '../format/format-help.ts';
import { formatRows } from '../format/rows.ts';

export const command = defineCommand({
  usage: '[OPTIONS] [CONTAINER...]',
  args: { atLeast: 0 },
  options: {
    all: { kind: 'flag', short: 'a', help: 'Show all containers (default shows just running)' },
    format: { kind: 'string', help: FORMAT_HELP.list },
    'no-stream': { kind: 'flag', help: 'Disable streaming stats and only pull the first result' },
    'no-trunc': { kind: 'flag', help: 'Do not truncate output' },
  },
  async run(context, { options, args }) {
    using containers = connectContainers(context);
    const once = options['no-stream'];
    const request = { containers: [...args], once, all: options.all };
    for await (const { stats } of containers.client.streamStats(request, { signal: context.signal })) {
      const rows = stats.map((each) => statsRow(each, { noTrunc: options['no-trunc'] }));
      const text = formatRows(rows, options.format, STATS_FORMAT);
      context.stdout.write(once ? text : redrawn(text));
    }
    return 0;
  },
});

/** Over the last screen, from its top: each line to its end, then what is below. */
function redrawn(text: string): string {
  return `\u001b[H${text.replaceAll('\n', '\u001b[K\n')}\u001b[J`;
}

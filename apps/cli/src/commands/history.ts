import { defineCommand } from '../command.ts';
import { connectImages } from '../engine/images.ts';
import { FORMAT_HELP } from '../format/format-help.ts';
import { formatRows } from '../format/rows.ts';
import { historyFormat, historyRow } from '../image/history-row.ts';

export const command = defineCommand({
  usage: '[OPTIONS] IMAGE',
  args: { exactly: 1 },
  options: {
    format: { kind: 'string', help: FORMAT_HELP.list },
    human: { kind: 'flag', short: 'H', initially: true, help: 'Print sizes and dates in human readable format' },
    'no-trunc': { kind: 'flag', help: "Don't truncate output" },
    platform: {
      kind: 'string',
      help: 'Show history for the given platform. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")',
    },
    quiet: { kind: 'flag', short: 'q', help: 'Only show image IDs' },
  },
  async run(context, { options, args: [name = ''] }) {
    const { human, quiet, 'no-trunc': noTrunc } = options;
    using images = connectImages(context);
    const { steps } = await images.client.getImageHistory(
      { name, platform: options.platform ?? '' },
      { signal: context.signal },
    );
    const rows = steps.map((step) => historyRow(step, { human, noTrunc, nowMs: Date.now() }));
    const isDefault = options.format === undefined || options.format === '' || options.format === 'table';
    const format = isDefault && quiet ? '{{.ID}}' : options.format;
    context.stdout.write(formatRows(rows, format, historyFormat(human)));
    return 0;
  },
});

import { defineCommand } from '../command.ts';
import { connectContainers } from '../engine/containers.ts';
import { alignColumns } from '../format/table.ts';

const MIN_WIDTH = 20;

export const command = defineCommand({
  usage: 'CONTAINER [ps OPTIONS]',
  args: { atLeast: 1 },
  interspersed: false,
  options: {},
  async run(context, { args: [container = '', ...psArguments] }) {
    using containers = connectContainers(context);
    const request = { container, psArguments };
    const { titles, processes } = await containers.client.listProcesses(request, { signal: context.signal });
    const lines = [titles, ...processes.map(({ columns }) => columns)].map((cells) => `${cells.join('\t')}\n`);
    context.stdout.write(alignColumns(lines.join(''), MIN_WIDTH));
    return 0;
  },
});

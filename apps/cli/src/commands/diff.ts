import { defineCommand } from '../command.ts';
import { connectContainers } from '../engine/containers.ts';
import { changesText } from '../format/changes-text.ts';

export const command = defineCommand({
  usage: 'CONTAINER',
  args: { exactly: 1 },
  options: {},
  async run(context, { args: [container = ''] }) {
    using containers = connectContainers(context);
    const { changes } = await containers.client.diffContainer({ container }, { signal: context.signal });
    context.stdout.write(changesText(changes));
    return 0;
  },
});

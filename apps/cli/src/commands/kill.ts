import { defineCommand } from '../command.ts';
import { connectContainers } from '../engine/containers.ts';
import { forEachObject } from '../engine/for-each.ts';

export const command = defineCommand({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  args: { atLeast: 1 },
  options: {
    signal: { kind: 'string', short: 's', help: 'Signal to send to the container' },
  },
  async run(context, { options, args }) {
    using containers = connectContainers(context);
    return await forEachObject(context, args, async (container) => {
      await containers.client.killContainer({ container, signal: options.signal ?? '' }, { signal: context.signal });
      return container;
    });
  },
});

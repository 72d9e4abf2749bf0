import { defineCommand } from '../command.ts';
import { connectContainers } from '../engine/containers.ts';
import { forEachObject } from '../engine/for-each.ts';

export const command = defineCommand({
  usage: 'CONTAINER [CONTAINER...]',
  args: { atLeast: 1 },
  options: {},
  async run(context, { args }) {
    using containers = connectContainers(context);
    return await forEachObject(context, args, async (container) => {
      await containers.client.unpauseContainer({ container }, { signal: context.signal });
      return container;
    });
  },
});

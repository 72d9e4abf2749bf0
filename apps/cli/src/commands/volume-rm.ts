import { defineCommand } from '../command.ts';
import { connectVolumes } from '../engine/volumes.ts';
import { forEachObject } from '../engine/for-each.ts';

export const command = defineCommand({
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  args: { atLeast: 1 },
  options: {
    force: { kind: 'flag', short: 'f', help: 'Force the removal of one or more volumes' },
  },
  async run(context, { options: { force }, args }) {
    using volumes = connectVolumes(context);
    return await forEachObject(context, args, async (name) => {
      await volumes.client.deleteVolume({ name, force }, { signal: context.signal });
      return name;
    });
  },
});

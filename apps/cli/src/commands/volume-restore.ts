import { defineCommand } from '../command.ts';
import { connectVolumes } from '../engine/volumes.ts';

export const command = defineCommand({
  usage: '[OPTIONS] VOLUME SNAPSHOT',
  args: { exactly: 2 },
  options: {
    force: {
      kind: 'flag',
      short: 'f',
      help: 'Restore although containers have it: what is in it changes under those that run',
    },
  },
  async run(context, { options: { force }, args: [name = '', snapshot = ''] }) {
    using volumes = connectVolumes(context);
    await volumes.client.restoreVolume({ name, snapshot, force }, { signal: context.signal });
    context.stdout.write(`${name}\n`);
    return 0;
  },
});

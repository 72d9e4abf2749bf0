import { defineCommand } from '../command.ts';
import { connectVolumes } from '../engine/volumes.ts';

export const command = defineCommand({
  usage: '[OPTIONS] VOLUME SNAPSHOT',
  args: { exactly: 2 },
  options: {
    force: {
      kind: 'flag',
      short: 'f',
      help: 'Restore although containers have it: those that run find it empty until they are started again',
    },
  },
  async run(context, { options: { force }, args: [name = '', snapshot = ''] }) {
    using volumes = connectVolumes(context);
    await volumes.client.restoreVolume({ name, snapshot, force }, { signal: context.signal });
    context.stdout.write(`${name}\n`);
    return 0;
  },
});

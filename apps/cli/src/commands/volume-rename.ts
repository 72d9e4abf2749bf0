import { defineCommand } from '../command.ts';
import { connectVolumes } from '../engine/volumes.ts';

export const command = defineCommand({
  usage: 'VOLUME NEW_NAME',
  args: { exactly: 2 },
  options: {},
  async run(context, { args: [name = '', newName = ''] }) {
    using volumes = connectVolumes(context);
    await volumes.client.renameVolume({ name, newName }, { signal: context.signal });
    return 0;
  },
});

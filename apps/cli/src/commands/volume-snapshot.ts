import { defineCommand } from '../command.ts';
import { connectVolumes } from '../engine/volumes.ts';

export const command = defineCommand({
  usage: 'VOLUME [SNAPSHOT]',
  args: { between: [1, 2] },
  options: {},
  async run(context, { args: [name = '', newName = ''] }) {
    using volumes = connectVolumes(context);
    const request = { name, newName, snapshot: true };
    const { volume } = await volumes.client.copyVolume(request, { signal: context.signal });
    context.stdout.write(`${volume?.name ?? newName}\n`);
    return 0;
  },
});

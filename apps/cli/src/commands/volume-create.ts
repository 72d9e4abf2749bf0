import { defineCommand } from '../command.ts';
import { checkLabel, collectLabels } from '../container/environment.ts';
import { connectVolumes } from '../engine/volumes.ts';

export const command = defineCommand({
  usage: '[OPTIONS] [VOLUME]',
  args: { atMost: 1 },
  options: {
    driver: { kind: 'string', short: 'd', help: 'Specify volume driver name', defaultText: '"local"' },
    label: { kind: 'list', help: 'Set metadata for a volume', check: checkLabel },
    opt: { kind: 'list', short: 'o', valueName: 'map', help: 'Set driver specific options', defaultText: 'map[]' },
  },
  async run(context, { options, args: [name = ''] }) {
    using volumes = connectVolumes(context);
    const request = {
      name,
      driver: options.driver ?? '',
      labels: collectLabels(context, [], options.label),
      options: collectLabels(context, [], options.opt),
    };
    const { volume } = await volumes.client.createVolume(request, { signal: context.signal });
    context.stdout.write(`${volume?.name ?? name}\n`);
    return 0;
  },
});

import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import { checkLabel, collectLabels } from '../container/environment.ts';
import { connectVolumes } from '../engine/volumes.ts';

export const command = defineCommand({
  usage: '[OPTIONS] [VOLUME]',
  args: { atMost: 1 },
  options: {
    driver: { kind: 'string', short: 'd', help: 'Specify volume driver name', defaultText: '"local"' },
    label: { kind: 'list', help: 'Set metadata for a volume', check: checkLabel },
    name: { kind: 'string', hidden: true, help: 'Specify volume name' },
    opt: { kind: 'list', short: 'o', valueName: 'map', help: 'Set driver specific options', defaultText: 'map[]' },
  },
  async run(context, { options, args: [argument] }) {
    if (options.name !== undefined && argument !== undefined) {
      throw new CliError(
        'conflicting options: cannot specify a volume-name through both --name and as a positional arg',
      );
    }
    const name = argument ?? options.name ?? '';
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

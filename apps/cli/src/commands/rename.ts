import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import { connectContainers } from '../engine/containers.ts';

export const command = defineCommand({
  usage: 'CONTAINER NEW_NAME',
  args: { exactly: 2 },
  options: {},
  async run(context, { args }) {
    const [container = '', name = ''] = args.map((text) => text.trim());
    if (container === '' || name === '') throw new CliError('Error: Neither old nor new names may be empty');
    using containers = connectContainers(context);
    await containers.client.renameContainer({ container, name }, { signal: context.signal });
    return 0;
  },
});

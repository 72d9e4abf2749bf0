import { defineCommand } from '../command.ts';
import { connectRegistry } from '../engine/registry.ts';

const DOCKER_HUB = 'https://index.docker.io/v1/';

export const command = defineCommand({
  usage: '[SERVER]',
  args: { atMost: 1 },
  options: {},
  async run(context, { args: [server = ''] }) {
    const shown = server === '' ? DOCKER_HUB : server.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
    context.stdout.write(`Removing login credentials for ${shown}\n`);
    using registry = connectRegistry(context);
    await registry.client.logout({ server }, { signal: context.signal });
    return 0;
  },
});

import { defineCommand } from '../command.ts';
import { connectContainers } from '../engine/containers.ts';

export const command = defineCommand({
  usage: '[OPTIONS] NETWORK CONTAINER',
  args: { exactly: 2 },
  options: {
    force: { kind: 'flag', short: 'f', help: 'Force the container to disconnect from a network' },
  },
  async run(context, { options: { force }, args: [network = '', container = ''] }) {
    using containers = connectContainers(context);
    await containers.client.disconnectNetwork({ container, network, force }, { signal: context.signal });
    return 0;
  },
});

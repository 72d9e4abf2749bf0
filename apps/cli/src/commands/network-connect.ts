import { defineCommand } from '../command.ts';
import { connectContainers } from '../engine/containers.ts';

export const command = defineCommand({
  usage: '[OPTIONS] NETWORK CONTAINER',
  args: { exactly: 2 },
  options: {
    alias: { kind: 'strings', help: 'Add network-scoped alias for the container' },
    'gw-priority': {
      kind: 'int',
      help: 'Highest gw-priority provides the default gateway. Accepts positive and negative values.',
    },
    ip: { kind: 'string', help: 'IPv4 address (e.g., "172.30.100.104")' },
    ip6: { kind: 'string', help: 'IPv6 address (e.g., "2001:db8::33")' },
  },
  async run(context, { options, args: [network = '', container = ''] }) {
    using containers = connectContainers(context);
    const attachment = {
      network,
      aliases: options.alias,
      address: options.ip ?? '',
      ipv6Address: options.ip6 ?? '',
      hardwareAddress: '',
      gatewayPriority: options['gw-priority'] ?? 0,
    };
    await containers.client.connectNetwork({ container, attachment }, { signal: context.signal });
    return 0;
  },
});

import { defineCommand } from '../command.ts';
import { CliError } from '../cli-error.ts';
import { NOTHING_ASKED, parseDriverOption } from '../container/options/network.ts';
import { connectContainers } from '../engine/containers.ts';

export const command = defineCommand({
  usage: '[OPTIONS] NETWORK CONTAINER',
  args: { exactly: 2 },
  options: {
    alias: { kind: 'strings', help: 'Add network-scoped alias for the container' },
    'driver-opt': { kind: 'strings', help: 'driver options for the network' },
    'gw-priority': {
      kind: 'int',
      help: 'Highest gw-priority provides the default gateway. Accepts positive and negative values.',
    },
    ip: { kind: 'string', help: 'IPv4 address (e.g., "172.30.100.104")' },
    ip6: { kind: 'string', help: 'IPv6 address (e.g., "2001:db8::33")' },
    'link-local-ip': { kind: 'strings', help: 'Add a link-local address for the container' },
  },
  async run(context, { options, args: [network = '', container = ''] }) {
    const attachment = {
      ...NOTHING_ASKED,
      network,
      aliases: options.alias,
      address: options.ip ?? '',
      ipv6Address: options.ip6 ?? '',
      gatewayPriority: options['gw-priority'] ?? 0,
      driverOptions: driverOptions(options['driver-opt']),
      linkLocalAddresses: options['link-local-ip'],
    };
    using containers = connectContainers(context);
    await containers.client.connectNetwork({ container, attachment }, { signal: context.signal });
    return 0;
  },
});

function driverOptions(texts: readonly string[]): Record<string, string> {
  const options: Record<string, string> = {};
  for (const text of texts) {
    const option = parseDriverOption(text);
    if (option === null) throw new CliError('invalid key/value pair format in driver options');
    options[option.key] = option.value;
  }
  return options;
}

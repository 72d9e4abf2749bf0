import { defineCommand } from '../command.ts';
import { checkLabel, collectLabels } from '../container/environment.ts';
import { connectContainers } from '../engine/containers.ts';
import { checkOneHost } from '../network/one-host.ts';
import { networkSubnets } from '../network/network-subnets.ts';

export const command = defineCommand({
  usage: '[OPTIONS] NETWORK',
  args: { exactly: 1 },
  options: {
    attachable: { kind: 'flag', help: 'Enable manual container attachment' },
    'aux-address': {
      kind: 'list',
      valueName: 'map',
      help: 'Auxiliary IPv4 or IPv6 addresses used by Network driver',
      defaultText: 'map[]',
    },
    'config-from': { kind: 'string', help: 'The network from which to copy the configuration' },
    'config-only': { kind: 'flag', help: 'Create a configuration only network' },
    driver: { kind: 'string', short: 'd', help: 'Driver to manage the Network', defaultText: '"bridge"' },
    gateway: { kind: 'strings', help: 'IPv4 or IPv6 Gateway for the master subnet' },
    ingress: { kind: 'flag', help: 'Create swarm routing-mesh network' },
    internal: { kind: 'flag', help: 'Restrict external access to the network' },
    'ip-range': { kind: 'strings', help: 'Allocate container ip from a sub-range' },
    'ipam-driver': { kind: 'string', help: 'IP Address Management Driver', defaultText: '"default"' },
    'ipam-opt': {
      kind: 'list',
      valueName: 'map',
      help: 'Set IPAM driver specific options',
      defaultText: 'map[]',
    },
    ipv4: { kind: 'flag', initially: true, help: 'Enable or disable IPv4 address assignment' },
    ipv6: { kind: 'flag', help: 'Enable or disable IPv6 address assignment' },
    label: { kind: 'list', help: 'Set metadata on a network', check: checkLabel },
    opt: { kind: 'list', short: 'o', valueName: 'map', help: 'Set driver specific options', defaultText: 'map[]' },
    scope: { kind: 'string', help: "Control the network's scope" },
    subnet: { kind: 'strings', help: 'Subnet in CIDR format that represents a network segment' },
  },
  async run(context, { options, args: [name = ''] }) {
    checkOneHost(options);
    const subnets = networkSubnets({
      subnets: options.subnet,
      ranges: options['ip-range'],
      gateways: options.gateway,
      auxiliaryAddresses: collectLabels(context, [], options['aux-address']),
    });
    using containers = connectContainers(context);
    const request = {
      name,
      driver: options.driver ?? '',
      subnets,
      internal: options.internal,
      attachable: options.attachable,
      withoutIpv4: !options.ipv4,
      ipv6: options.ipv6,
      labels: collectLabels(context, [], options.label),
      options: collectLabels(context, [], options.opt),
    };
    const { id } = await containers.client.createNetwork(request, { signal: context.signal });
    context.stdout.write(`${id}\n`);
    return 0;
  },
});

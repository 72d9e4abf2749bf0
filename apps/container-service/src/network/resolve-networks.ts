import { isIPv4 } from 'node:net';
import { BerthError } from '@berth/errors';
import type { ContainerConfig, NetworkAttachment } from '../container-config.ts';
import { joinedContainer } from '../isolation.ts';
import { plainAttachment } from './attachments.ts';
import { endpointErrors } from './endpoint-options.ts';
import { parseAddress } from './ip-address.ts';
import { isPredefined, type Network } from './network.ts';
import type { Networks } from './networks.ts';

/** A config whose networks are named by their names. Throws NETWORK_NOT_FOUND, NETWORK_AMBIGUOUS, INVALID_ARGUMENT. */
export function resolveNetworks(networks: Pick<Networks, 'find'>, config: ContainerConfig): ContainerConfig {
  const { networkMode } = config;
  if (joinedContainer(networkMode) !== null) return withoutNetworks(config, networkMode);
  const mode = networks.find(networkMode);
  if (mode.driver === 'host' || mode.driver === 'null') return withoutNetworks(config, mode.name);
  const asked = config.networks.length > 0 ? config.networks : [plainAttachment(mode.name)];
  const resolved = asked.map((attachment) => resolveAttachment(networks.find(attachment.network), attachment));
  const names = resolved.map(({ network }) => network);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw invalid(`conflicting options: network "${twice}" is specified multiple times`);
  return { ...config, networkMode: mode.name, networks: resolved };
}

/** An attachment to a network, checked, in Docker's words. Throws INVALID_ARGUMENT. */
export function resolveAttachment(network: Network, attachment: NetworkAttachment): NetworkAttachment {
  const { aliases, address, ipv6Address, hardwareAddress } = attachment;
  if (network.driver === 'host' || network.driver === 'null') {
    throw invalid('conflicting options: cannot attach both user-defined and non-user-defined network-modes');
  }
  const user = !isPredefined(network);
  const wrong = [
    ...(user || (address === '' && ipv6Address === '')
      ? []
      : ['user specified IP address is supported on user defined networks only']),
    ...(user || aliases.length === 0 ? [] : ['network-scoped aliases are only supported for user-defined networks']),
    ...(address === '' || isIPv4(address) ? [] : [`invalid IPv4 address: ${address}`]),
    ...(ipv6Address === '' || parseAddress(ipv6Address)?.family === 6 ? [] : [`invalid IPv6 address: ${ipv6Address}`]),
    ...(hardwareAddress === '' || isHardwareAddress(hardwareAddress)
      ? []
      : [`invalid MAC address: ${hardwareAddress}`]),
    ...endpointErrors(attachment),
    // What stands in a line of a name file, or in a DNS message.
    ...aliases
      .filter((alias) => !/^[^\s#.][^\s#]{0,62}$/.test(alias))
      .map((alias) => `invalid alias: ${JSON.stringify(alias)}`),
  ];
  if (wrong.length > 0) {
    throw invalid(`invalid config for network ${network.name}: invalid endpoint settings:\n${wrong.join('\n')}`);
  }
  return { ...attachment, network: network.name, hardwareAddress: hardwareAddress.toLowerCase() };
}

/** One that an interface can have: of six bytes, and no group's. */
function isHardwareAddress(text: string): boolean {
  return /^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/i.test(text);
}

function withoutNetworks(config: ContainerConfig, networkMode: string): ContainerConfig {
  if (config.networks.length === 0) return { ...config, networkMode };
  throw invalid('conflicting options: cannot attach both user-defined and non-user-defined network-modes');
}

function invalid(message: string): BerthError {
  return new BerthError('INVALID_ARGUMENT', message);
}

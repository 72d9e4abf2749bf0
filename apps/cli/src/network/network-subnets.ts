import type { NetworkSubnet } from '@berth/proto/container';
import { BlockList, isIP } from 'node:net';
import { CliError } from '../cli-error.ts';

/** What `network create` was given about addresses. */
export interface SubnetOptions {
  readonly subnets: readonly string[];
  readonly ranges: readonly string[];
  readonly gateways: readonly string[];
  /** By name. */
  readonly auxiliaryAddresses: Readonly<Record<string, string>>;
}

/** Brings subnets together with what lies in them. Throws CliError, in Docker's words. */
export function networkSubnets({ subnets, ranges, gateways, auxiliaryAddresses }: SubnetOptions): NetworkSubnet[] {
  if (subnets.length < ranges.length || subnets.length < gateways.length) {
    throw new CliError('every ip-range or gateway must have a corresponding subnet');
  }
  const found: NetworkSubnet[] = [];
  for (const subnet of subnets) {
    if (found.some((other) => contains(other.subnet, subnet) || contains(subnet, other.subnet))) {
      throw new CliError('multiple overlapping subnet configuration is not supported');
    }
    contains(subnet, subnet);
    found.push({ subnet, ipRange: '', gateway: '', auxiliaryAddresses: {} });
  }
  const parentOf = (what: string, text: string): NetworkSubnet => {
    const parent = found.find(({ subnet }) => contains(subnet, text));
    if (parent === undefined) throw new CliError(`no matching subnet for ${what} ${text}`);
    return parent;
  };
  for (const range of ranges) {
    const parent = parentOf('range', range);
    const both = `(${range}, ${parent.ipRange}) on the same subnet (${parent.subnet})`;
    if (parent.ipRange !== '') throw new CliError(`cannot configure multiple ranges ${both}`);
    parent.ipRange = range;
  }
  for (const gateway of gateways) {
    const parent = parentOf('gateway', gateway);
    const both = `(${gateway}, ${parent.gateway}) for the same subnet (${parent.subnet})`;
    if (parent.gateway !== '') throw new CliError(`cannot configure multiple gateways ${both}`);
    parent.gateway = gateway;
  }
  for (const [name, address] of Object.entries(auxiliaryAddresses)) {
    parentOf('aux-address', address).auxiliaryAddresses[name] = address;
  }
  return found;
}

/** Whether an address, or that of a network, lies in a subnet. */
function contains(subnet: string, text: string): boolean {
  const [network = '', length = ''] = subnet.split('/');
  const family = isIP(network);
  const most = family === 6 ? 128 : 32;
  if (family === 0 || !/^[0-9]{1,3}$/.test(length) || Number(length) > most) {
    throw new CliError(`invalid subnet: invalid CIDR address: ${subnet}`);
  }
  const [address = ''] = text.split('/');
  const block = new BlockList();
  block.addSubnet(network, Number(length), family === 6 ? 'ipv6' : 'ipv4');
  return isIP(address) === family && block.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

import { BlockList, isIP } from 'node:net';

/** Addresses at which nobody's registry, token server or CDN is: cloud metadata, link-local, unspecified, multicast, broadcast. */
const FORBIDDEN = blockList([
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['100.100.100.200', 32],
  ['224.0.0.0', 3],
  ['::', 128],
  ['fe80::', 10],
  ['fd00:ec2::254', 128],
  ['ff00::', 8],
]);

const LOOPBACK = blockList([
  ['127.0.0.0', 8],
  ['::1', 128],
]);

/** Tells whether a host is this host by its name or address: `localhost`, 127.0.0.0/8, ::1. Brackets of IPv6 are optional. */
export function isLoopbackHost(hostname: string): boolean {
  const host = stripBrackets(hostname);
  return host === 'localhost' || host.endsWith('.localhost') || (isIP(host) !== 0 && contains(LOOPBACK, host));
}

/**
 * Tells whether a server that a registry names (a token server, the target of a redirect) may have this address. A registry must not
 * be able to make us ask the cloud's metadata service or a service of this host (only a loopback registry may name loopback).
 */
export function isAddressAllowed(address: string, { allowLoopback }: { allowLoopback: boolean }): boolean {
  const host = stripBrackets(address);
  if (isIP(host) === 0) return true;
  if (contains(LOOPBACK, host)) return allowLoopback;
  return !contains(FORBIDDEN, host);
}

/** Tells whether an address is in a CIDR (`10.0.0.0/8`); false when either is no address. */
export function isInCidr(address: string, cidr: string): boolean {
  const [network = '', prefix = ''] = cidr.split('/');
  const host = stripBrackets(address);
  const bits = isIP(network) === 4 ? 32 : 128;
  if (isIP(network) === 0 || isIP(host) === 0 || !/^\d{1,3}$/.test(prefix) || Number(prefix) > bits) return false;
  return contains(blockList([[network, Number(prefix)]]), host);
}

function blockList(subnets: readonly [string, number][]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of subnets) list.addSubnet(network, prefix, family(network));
  return list;
}

/** IPv4-mapped IPv6 addresses match the rules of IPv4. */
function contains(list: BlockList, address: string): boolean {
  return list.check(address, family(address));
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}

function stripBrackets(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}

import { createHash, randomBytes } from 'node:crypto';
import { BerthError } from '@berth/errors';
import { formatAddress, overlap, parseAddress, parseCidr, subnetSize, type Subnet } from './ip-address.ts';

const LARGE_SUBNETS = range(17, 31).map((second) => parseCidr(`172.${second}.0.0/16`));

/** The networks that an engine's bridges may get, as Docker has them, in order. */
export const DEFAULT_SUBNETS: readonly Subnet[] = [
  ...LARGE_SUBNETS,
  ...range(0, 15).map((index) => parseCidr(`192.168.${index * 16}.0/20`)),
];

/**
 * Where an engine looks first: the host's own engine at the beginning, one with a root of its own at any of the large networks, so that
 * engines side by side seldom meet.
 */
export function subnetStartIndex(root: string | null): number {
  if (root === null) return 0;
  return createHash('sha256').update(root).digest().readUInt32BE() % LARGE_SUBNETS.length;
}

/** The first network, from a start index and around, that shares no address with those in use. Throws ADDRESS_POOL_EMPTY. */
export function chooseSubnet(inUse: readonly Subnet[], startIndex: number): Subnet {
  for (let offset = 0; offset < DEFAULT_SUBNETS.length; offset++) {
    const candidate = DEFAULT_SUBNETS[(startIndex + offset) % DEFAULT_SUBNETS.length] as Subnet;
    if (!inUse.some((subnet) => overlap(subnet, candidate))) return candidate;
  }
  throw new BerthError('ADDRESS_POOL_EMPTY', 'all predefined address pools have been fully subnetted');
}

/** A prefix for the IPv6 networks of an engine, drawn once: no other network has it (RFC 4193 §3.2). */
export function randomIpv6Prefix(): string {
  const digits = randomBytes(5).toString('hex');
  return `fd${digits.slice(0, 2)}:${digits.slice(2, 6)}:${digits.slice(6)}::/48`;
}

/** The first network of 64 bits below a prefix that shares no address with those in use. Throws ADDRESS_POOL_EMPTY. */
export function chooseIpv6Subnet(prefix: Subnet, inUse: readonly Subnet[]): Subnet {
  const candidate = { family: 6 as const, prefixLength: 64 };
  const end = prefix.base + subnetSize(prefix);
  for (let base = prefix.base; base < end; base += subnetSize(candidate)) {
    if (!inUse.some((subnet) => overlap(subnet, { ...candidate, base }))) return { ...candidate, base };
  }
  throw new BerthError('ADDRESS_POOL_EMPTY', 'all predefined address pools have been fully subnetted');
}

/** What a pool is made from. */
export interface AddressPoolOptions {
  readonly subnet: Subnet;
  /** Addresses that nobody asked for by name come from this part. */
  readonly range: Subnet;
  /** Addresses that nobody gets: the gateway's, and others. */
  readonly reserved: readonly bigint[];
}

/** Hands out the addresses of a network, one to one holder at a time. */
export interface AddressPool {
  /** The lowest free address of the range, or the wanted one. Throws ADDRESS_POOL_EMPTY, ADDRESS_IN_USE, INVALID_ARGUMENT. */
  take(wanted: string): string;
  /** Marks an address as taken, as start-up does with those it finds in use. */
  claim(address: string): void;
  /** Gives an address back. */
  release(address: string): void;
}

/** A pool of a subnet, whose own address, and of IPv4 the broadcast address, nobody gets; a subnet of two addresses has neither. */
export function createAddressPool({ subnet, range: part, reserved }: AddressPoolOptions): AddressPool {
  const { family } = subnet;
  const taken = new Set<bigint>();
  const { first, last } = usable(subnet);
  const lowestOfAll = first > part.base ? first : part.base;
  const lastOfRange = part.base + subnetSize(part) - 1n;
  const highest = last < lastOfRange ? last : lastOfRange;
  const held = new Set(reserved);
  let lowest = lowestOfAll;

  function takeLowest(): bigint {
    while (taken.has(lowest) || held.has(lowest)) lowest++;
    if (lowest > highest)
      throw new BerthError('ADDRESS_POOL_EMPTY', `no available IPv${family} addresses on this network`);
    return lowest;
  }

  /** Null when it is no address of the subnet's family. */
  function parse(text: string): bigint | null {
    const address = parseAddress(text);
    return address?.family === family ? address.value : null;
  }

  function takeWanted(text: string): bigint {
    const address = parse(text);
    if (address === null || address < first || address > last) {
      throw new BerthError('INVALID_ARGUMENT', 'requested address is out of range');
    }
    if (taken.has(address) || held.has(address)) throw new BerthError('ADDRESS_IN_USE', 'Address already in use');
    return address;
  }

  return {
    take(wanted) {
      const address = wanted === '' ? takeLowest() : takeWanted(wanted);
      taken.add(address);
      return formatAddress({ family, value: address });
    },
    claim(address) {
      const value = parse(address);
      if (value !== null) taken.add(value);
    },
    release(address) {
      const value = parse(address);
      if (value === null || !taken.delete(value)) return;
      if (value >= lowestOfAll && value < lowest) lowest = value;
    },
  };
}

/** The addresses that an interface can have. */
export function usable(subnet: Subnet): { first: bigint; last: bigint } {
  const last = subnet.base + subnetSize(subnet) - 1n;
  if (last - subnet.base < 2n) return { first: subnet.base, last };
  return { first: subnet.base + 1n, last: subnet.family === 4 ? last - 1n : last };
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

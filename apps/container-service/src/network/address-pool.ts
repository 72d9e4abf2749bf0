import { createHash } from 'node:crypto';
import { BerthError } from '@berth/errors';
import { formatIpv4, overlap, parseIpv4, subnetOf, subnetSize, type Subnet } from './ipv4.ts';

const LARGE_SUBNETS = range(17, 31).map((second) => subnetOf(parseIpv4(`172.${second}.0.0`) as number, 16));

/** The networks that an engine's bridges may get, as Docker has them, in order. */
export const DEFAULT_SUBNETS: readonly Subnet[] = [
  ...LARGE_SUBNETS,
  ...range(0, 15).map((index) => subnetOf(parseIpv4(`192.168.${index * 16}.0`) as number, 20)),
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

/** What a pool is made from. */
export interface AddressPoolOptions {
  readonly subnet: Subnet;
  /** Addresses that nobody asked for by name come from this part. */
  readonly range: Subnet;
  /** Addresses that nobody gets: the gateway's, and others. */
  readonly reserved: readonly number[];
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

/** A pool of a subnet, whose own address and the broadcast address nobody gets; a subnet of two addresses has neither. */
export function createAddressPool({ subnet, range: part, reserved }: AddressPoolOptions): AddressPool {
  const taken = new Set<number>();
  const { first, last } = usable(subnet);
  const lowestOfAll = Math.max(first, part.base);
  const highest = Math.min(last, part.base + subnetSize(part.prefixLength) - 1);
  const held = new Set(reserved);
  let lowest = lowestOfAll;

  function takeLowest(): number {
    while (taken.has(lowest) || held.has(lowest)) lowest++;
    if (lowest > highest) throw new BerthError('ADDRESS_POOL_EMPTY', 'no available IPv4 addresses on this network');
    return lowest;
  }

  function takeWanted(text: string): number {
    const address = parseIpv4(text);
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
      return formatIpv4(address);
    },
    claim(address) {
      const number = parseIpv4(address);
      if (number !== null) taken.add(number);
    },
    release(address) {
      const number = parseIpv4(address);
      if (number === null || !taken.delete(number)) return;
      if (number >= lowestOfAll) lowest = Math.min(lowest, number);
    },
  };
}

/** The addresses that an interface can have. */
export function usable({ base, prefixLength }: Subnet): { first: number; last: number } {
  const size = subnetSize(prefixLength);
  return size <= 2 ? { first: base, last: base + size - 1 } : { first: base + 1, last: base + size - 2 };
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

import { createHash } from 'node:crypto';
import { BerthError } from '@berth/errors';
import type { Endpoint } from '../container.ts';
import { formatIpv4, hardwareAddressOf, overlap, parseIpv4, subnetOf, subnetSize, type Subnet } from './ipv4.ts';

const LARGE_SUBNETS = range(17, 31).map((second) => subnetOf(parseIpv4(`172.${second}.0.0`) as number, 16));

/** The networks that an engine's bridge may get, as Docker has them, in order. */
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

/** Hands out the addresses of a network, one to one holder at a time. */
export interface AddressPool {
  /** The lowest free address. Throws ADDRESS_POOL_EMPTY. */
  take(): Endpoint;
  /** Marks an address as taken, as start-up does with those it finds in use. */
  claim(address: string): void;
  /** Gives an address back. */
  release(address: string): void;
}

/** A pool of a subnet whose first address is the gateway's and whose last is the broadcast address. */
export function createAddressPool(subnet: Subnet): AddressPool {
  const taken = new Set<number>();
  const gateway = subnet.base + 1;
  const last = subnet.base + subnetSize(subnet.prefixLength) - 2;
  let lowest = gateway + 1;

  return {
    take() {
      while (taken.has(lowest)) lowest++;
      if (lowest > last) {
        throw new BerthError('ADDRESS_POOL_EMPTY', 'no available IPv4 addresses on this network');
      }
      taken.add(lowest);
      return {
        address: formatIpv4(lowest),
        prefixLength: subnet.prefixLength,
        gateway: formatIpv4(gateway),
        hardwareAddress: hardwareAddressOf(lowest),
      };
    },
    claim(address) {
      const number = parseIpv4(address);
      if (number !== null) taken.add(number);
    },
    release(address) {
      const number = parseIpv4(address);
      if (number === null || !taken.delete(number)) return;
      lowest = Math.min(lowest, number);
    },
  };
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

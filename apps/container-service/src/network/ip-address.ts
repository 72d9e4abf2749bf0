import { isIPv6 } from 'node:net';
import { parseIpv4 } from './ipv4.ts';

/** The version of the Internet Protocol. */
export type Family = 4 | 6;

/** An address of either family. */
export interface Address {
  readonly family: Family;
  readonly value: bigint;
}

/** A network of either family. */
export interface Subnet {
  readonly family: Family;
  /** The network's address, host bits zero. */
  readonly base: bigint;
  readonly prefixLength: number;
}

const BITS: Readonly<Record<Family, number>> = { 4: 32, 6: 128 };

/** The family of a text that is an address, or a network's. */
export function familyOf(text: string): Family {
  return text.includes(':') ? 6 : 4;
}

/** Null when a text is no address. One with a zone is none. */
export function parseAddress(text: string): Address | null {
  if (!text.includes(':')) {
    const value = parseIpv4(text);
    return value === null ? null : { family: 4, value: BigInt(value) };
  }
  if (text.includes('%') || !isIPv6(text)) return null;
  const [head = '', tail] = canonicalIpv6(text).split('::');
  const [first, last] = [groupsOf(head), groupsOf(tail ?? '')];
  const missing = tail === undefined ? 0 : 8 - first.length - last.length;
  const groups = [...first, ...Array.from({ length: missing }, () => 0), ...last];
  return { family: 6, value: groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n) };
}

/** The one text of an address: dotted, or as RFC 5952 wants it. */
export function formatAddress({ family, value }: Address): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
  const digits = value.toString(16).padStart(32, '0');
  return canonicalIpv6((digits.match(/.{4}/g) ?? []).join(':'));
}

/** The one spelling of an IPv6 address that RFC 5952 wants. It is one. */
export function canonicalIpv6(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/** The network of an address. */
export function subnetOf({ family, value }: Address, prefixLength: number): Subnet {
  return { family, base: value - (value % subnetSize({ family, prefixLength })), prefixLength };
}

/** How many addresses a network has. */
export function subnetSize({ family, prefixLength }: Pick<Subnet, 'family' | 'prefixLength'>): bigint {
  return 1n << BigInt(BITS[family] - prefixLength);
}

/** Tells whether an address is one of a network. */
export function contains(subnet: Subnet, { family, value }: Address): boolean {
  return family === subnet.family && value >= subnet.base && value < subnet.base + subnetSize(subnet);
}

/** Tells whether two networks share an address. */
export function overlap(a: Subnet, b: Subnet): boolean {
  return a.family === b.family && a.base < b.base + subnetSize(b) && b.base < a.base + subnetSize(a);
}

/** The address and the prefix length of `172.17.0.9/16`; null on anything else. */
export function readCidr(cidr: string): { address: Address; prefixLength: number } | null {
  const [text = '', length = '', ...rest] = cidr.split('/');
  const address = parseAddress(text);
  if (address === null || rest.length > 0 || !/^[0-9]{1,3}$/.test(length)) return null;
  return Number(length) > BITS[address.family] ? null : { address, prefixLength: Number(length) };
}

/** The network of `172.17.0.0/16`, host bits zero. Throws on anything else. */
export function parseCidr(cidr: string): Subnet {
  const parsed = readCidr(cidr);
  if (parsed === null) throw new Error(`not a network: ${cidr}`);
  return subnetOf(parsed.address, parsed.prefixLength);
}

/** The text of a network. */
export function formatCidr({ family, base, prefixLength }: Subnet): string {
  return `${formatAddress({ family, value: base })}/${prefixLength}`;
}

/**
 * A hardware address for an address: the same address always has the same, so that no neighbour's cache goes stale. Docker's for one of IPv4;
 * for one of IPv6 its four words as one, so that those that follow each other differ.
 */
export function hardwareAddressOf({ value }: Address): string {
  let word = 0n;
  for (let rest = value; rest > 0n; rest >>= 32n) word ^= rest & 0xffff_ffffn;
  const bytes = [24n, 16n, 8n, 0n].map((shift) => (word >> shift) & 255n);
  return ['02', '42', ...bytes.map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}

function groupsOf(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => parseInt(group, 16));
}

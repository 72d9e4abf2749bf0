/** An IPv4 network. */
export interface Subnet {
  /** The network's address as a number, host bits zero. */
  readonly base: number;
  readonly prefixLength: number;
}

/** The number of a dotted address; null when it is not one. */
export function parseIpv4(text: string): number | null {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^[0-9]{1,3}$/.test(part) && Number(part) <= 255)) return null;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** The dotted form of an address. */
export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

/** The network of an address. */
export function subnetOf(address: number, prefixLength: number): Subnet {
  const size = subnetSize(prefixLength);
  return { base: address - (address % size), prefixLength };
}

/** How many addresses a network has. */
export function subnetSize(prefixLength: number): number {
  return 2 ** (32 - prefixLength);
}

/** Tells whether two networks share an address. */
export function overlap(a: Subnet, b: Subnet): boolean {
  return a.base < b.base + subnetSize(b.prefixLength) && b.base < a.base + subnetSize(a.prefixLength);
}

/** Docker's hardware address for an IPv4 address: the same address always has the same, so that no neighbour's cache goes stale. */
export function hardwareAddressOf(address: number): string {
  const bytes = [24, 16, 8, 0].map((shift) => (address >>> shift) & 255);
  return ['02', '42', ...bytes.map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}

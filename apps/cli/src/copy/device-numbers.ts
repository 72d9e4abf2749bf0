// The two numbers of a device in one, as glibc's makedev(3) puts them together.

/** The upper number. */
export function major(device: bigint): number {
  return Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn));
}

/** The lower number. */
export function minor(device: bigint): number {
  return Number((device & 0xffn) | ((device >> 12n) & 0xffff_ff00n));
}

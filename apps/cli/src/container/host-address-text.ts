/** An address of the host as it stands before a port: `0.0.0.0`, `[::]`. */
export function hostAddressText(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

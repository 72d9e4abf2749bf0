import { canonicalIpv6 } from '../network/ip-address.ts';
import { parseIpv4 } from '../network/ipv4.ts';

/** The address that a name of in-addr.arpa or ip6.arpa stands for (RFC 1035 §3.5, RFC 3596 §2.5); null when it is none. IPv6 in its canonical form. */
export function reversedAddress(name: string): string | null {
  const labels = name.toLowerCase().split('.').reverse();
  const [top, zone, ...digits] = labels;
  if (top !== 'arpa') return null;
  if (zone === 'in-addr') {
    const address = digits.join('.');
    return parseIpv4(address) === null ? null : address;
  }
  if (zone !== 'ip6' || digits.length !== 32 || !digits.every((digit) => /^[0-9a-f]$/.test(digit))) return null;
  const groups = digits.join('').match(/.{4}/g) ?? [];
  return canonicalIpv6(groups.join(':'));
}

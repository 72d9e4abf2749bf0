import { BerthError } from '@berth/errors';

/** Refuses what is no `number/protocol` of 1 to 65535 and tcp, udp or sctp. Throws INVALID_ARGUMENT. */
export function checkPort(port: string): void {
  const [, number] = /^([0-9]{1,5})\/(?:tcp|udp|sctp)$/.exec(port) ?? [];
  if (number !== undefined && Number(number) >= 1 && Number(number) <= 65_535) return;
  throw new BerthError('INVALID_ARGUMENT', `invalid port: ${JSON.stringify(port)}`);
}

/** Orders ports by number, then by protocol. */
export function comparePorts(a: string, b: string): number {
  return Number.parseInt(a, 10) - Number.parseInt(b, 10) || (a < b ? -1 : 1);
}

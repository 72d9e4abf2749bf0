import { BerthError } from '@berth/errors';
import type { ContainerConfig, PortBinding } from '../container-config.ts';
import { parseIpv4 } from '../network/ipv4.ts';

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

/** The container's ports that a config binds. */
export function boundPorts({ portBindings }: ContainerConfig): string[] {
  return portBindings.map(({ containerPort }) => containerPort);
}

/** Refuses a binding of a bad port or address, or of a range that is none. Throws INVALID_ARGUMENT. */
export function checkPortBinding({ containerPort, hostAddress, firstHostPort, lastHostPort }: PortBinding): void {
  checkPort(containerPort);
  if (hostAddress !== '' && parseIpv4(hostAddress) === null) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      `invalid IPv4 address of a published port: ${JSON.stringify(hostAddress)}`,
    );
  }
  const isRange = firstHostPort >= 1 && lastHostPort >= firstHostPort && lastHostPort <= 65_535;
  if (isRange || (firstHostPort === 0 && lastHostPort === 0)) return;
  throw new BerthError('INVALID_ARGUMENT', `invalid host ports: ${firstHostPort}-${lastHostPort}`);
}

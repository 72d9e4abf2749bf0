import { BerthError } from '@berth/errors';
import type { ContainerConfig, PortBinding } from '../container-config.ts';
import { contains, parseAddress, parseCidr } from '../network/ip-address.ts';

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

/** Where nothing can be published: the kernel sends no answer to ::1, mapped addresses are IPv4, and those of a link need a zone. */
const UNREACHABLE = ['::1/128', '::ffff:0:0/96', 'fe80::/10'].map(parseCidr);

function checkHostAddress(text: string): void {
  const address = parseAddress(text);
  if (address === null) {
    throw new BerthError('INVALID_ARGUMENT', `invalid address of a published port: ${JSON.stringify(text)}`);
  }
  if (!UNREACHABLE.some((subnet) => contains(subnet, address))) return;
  const refusal = `no port can be published at [${text}]: use 127.0.0.1, :: or an IPv6 address of the host that others reach`;
  throw new BerthError('INVALID_ARGUMENT', refusal);
}

/** Refuses a binding of a bad port or address, or of a range that is none. Throws INVALID_ARGUMENT. */
export function checkPortBinding({ containerPort, hostAddress, firstHostPort, lastHostPort }: PortBinding): void {
  checkPort(containerPort);
  if (hostAddress !== '') checkHostAddress(hostAddress);
  const isRange = firstHostPort >= 1 && lastHostPort >= firstHostPort && lastHostPort <= 65_535;
  if (isRange || (firstHostPort === 0 && lastHostPort === 0)) return;
  throw new BerthError('INVALID_ARGUMENT', `invalid host ports: ${firstHostPort}-${lastHostPort}`);
}

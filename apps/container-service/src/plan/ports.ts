import type { PublishedPort } from '../container.ts';
import { familyOf } from '../network/ip-address.ts';
import type { Addresses, PortPlan } from './plan.ts';

const PROTOCOLS: Readonly<Record<string, number>> = { tcp: 6, udp: 17, sctp: 132 };

/** The published ports of a container, each with its address of the host's family. */
export function planPorts(ports: readonly PublishedPort[], { address, address6 }: Addresses): PortPlan[] {
  return ports.map(({ containerPort, hostAddress, hostPort }) => {
    const [port, protocol = ''] = containerPort.split('/');
    const inside = familyOf(hostAddress) === 6 ? address6 : address;
    return { hostAddress, hostPort, protocol: PROTOCOLS[protocol] ?? 0, address: inside, port: Number(port) };
  });
}

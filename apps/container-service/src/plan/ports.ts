import type { PublishedPort } from '../container.ts';
import type { PortPlan } from './plan.ts';

const PROTOCOLS: Readonly<Record<string, number>> = { tcp: 6, udp: 17, sctp: 132 };

/** The published ports of the container at an address. */
export function planPorts(ports: readonly PublishedPort[], address: string): PortPlan[] {
  return ports.map(({ containerPort, hostAddress, hostPort }) => {
    const [port, protocol = ''] = containerPort.split('/');
    return { hostAddress, hostPort, protocol: PROTOCOLS[protocol] ?? 0, address, port: Number(port) };
  });
}

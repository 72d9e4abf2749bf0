import type { PublishedPort } from '@berth/proto/container';
import { hostAddressText } from './host-address-text.ts';

interface Port {
  readonly number: number;
  readonly protocol: string;
  /** Address and port of the host; empty and 0 when it is not published. */
  readonly hostAddress: string;
  readonly hostPort: number;
}

interface Group {
  first: number;
  last: number;
}

/**
 * The PORTS of `ps`, grouped and ordered as by Docker: neighbours together when they are published as themselves or not at all
 * (`0.0.0.0:8000-8001->8000-8001/tcp, 90/tcp`), the others one by one behind them (`0.0.0.0:8080->80/tcp`).
 */
export function portsText(exposed: readonly string[], published: readonly PublishedPort[]): string {
  const groups = new Map<string, Group>();
  const done: string[] = [];
  const moved: string[] = [];
  for (const port of allPorts(exposed, published)) {
    const { number, protocol, hostAddress, hostPort } = port;
    if (hostAddress !== '' && hostPort !== number) {
      moved.push(`${hostAddressText(hostAddress)}:${hostPort}->${number}/${protocol}`);
      continue;
    }
    const key = hostAddress === '' ? protocol : `${hostAddress}/${protocol}`;
    const group = groups.get(key);
    if (group?.last === number - 1) {
      group.last = number;
      continue;
    }
    if (group !== undefined) done.push(groupText(key, group));
    groups.set(key, { first: number, last: number });
  }
  return [...done, ...[...groups].map(([key, group]) => groupText(key, group)), ...moved].join(', ');
}

function allPorts(exposed: readonly string[], published: readonly PublishedPort[]): Port[] {
  const names = new Set(published.map(({ containerPort }) => containerPort));
  const others = exposed.filter((port) => !names.has(port));
  const ports = [
    ...published.map(({ containerPort, ...host }) => ({ ...split(containerPort), ...host })),
    ...others.map((port) => ({ ...split(port), hostAddress: '', hostPort: 0 })),
  ];
  return ports.sort(
    (a, b) =>
      a.number - b.number ||
      compareTexts(a.hostAddress, b.hostAddress) ||
      a.hostPort - b.hostPort ||
      compareTexts(a.protocol, b.protocol),
  );
}

function groupText(key: string, { first, last }: Group): string {
  const range = first === last ? String(first) : `${first}-${last}`;
  const [address = '', protocol] = key.split('/');
  return protocol === undefined ? `${range}/${address}` : `${hostAddressText(address)}:${range}->${range}/${protocol}`;
}

function split(port: string): { number: number; protocol: string } {
  const [number, protocol = ''] = port.split('/');
  return { number: Number(number), protocol };
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

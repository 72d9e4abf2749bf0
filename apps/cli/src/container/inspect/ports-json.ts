import type { Container, PortBinding } from '@berth/proto/container';
import { sortKeys, type Json } from '../../format/json.ts';

/** `HostConfig.PortBindings`: what was asked for. */
export function portBindingsJson(bindings: readonly PortBinding[]): Json {
  return group(bindings, ({ hostAddress, firstHostPort, lastHostPort }) => ({
    HostIp: hostAddress,
    HostPort: hostPortText(firstHostPort, lastHostPort),
  }));
}

/** `NetworkSettings.Ports`: what is there; nothing when it does not run. */
export function publishedPortsJson({ exposedPorts, publishedPorts, pid }: Container): Json {
  if (pid === 0) return {};
  const exposed = Object.fromEntries(exposedPorts.map((port): [string, Json] => [port, null]));
  const published = group(publishedPorts, ({ hostAddress, hostPort }) => ({
    HostIp: hostAddress,
    HostPort: String(hostPort),
  }));
  return sortKeys({ ...exposed, ...published });
}

function group<Port extends { containerPort: string }>(
  ports: readonly Port[],
  toJson: (port: Port) => Json,
): Record<string, Json> {
  const byPort = Map.groupBy(ports, ({ containerPort }) => containerPort);
  return sortKeys(Object.fromEntries([...byPort].map(([port, each]) => [port, each.map(toJson)])));
}

function hostPortText(first: number, last: number): string {
  if (first === 0) return '';
  return first === last ? String(first) : `${first}-${last}`;
}

// What a container shows of its ports, and where.
import { isIP } from 'node:net';
import type { ContainerConfig, PortBinding } from '@berth/proto/container';
import { CliError } from '../../cli-error.ts';
import type { Options, OptionValues } from '../../options/option.ts';
import { exposedPorts } from '../exposed-ports.ts';

export const PORT_OPTIONS = {
  expose: { kind: 'list', help: 'Expose a port or a range of ports' },
  publish: { kind: 'list', short: 'p', help: "Publish a container's port(s) to the host" },
  'publish-all': { kind: 'flag', short: 'P', help: 'Publish all exposed ports to random ports' },
} as const satisfies Options;

type PortFields = 'exposedPorts' | 'portBindings' | 'publishAllPorts';

/** What the options say about ports. Throws CliError, in Docker's words. */
export function portsConfig(options: OptionValues<typeof PORT_OPTIONS>): Pick<ContainerConfig, PortFields> {
  return {
    exposedPorts: exposedPorts(options.expose),
    portBindings: options.publish.flatMap(parsePublish),
    publishAllPorts: options['publish-all'],
  };
}

interface Range {
  readonly first: number;
  readonly last: number;
}

/** `[[ip:]host:]container[/protocol]`, with ranges on both sides, or `published=80,target=80,protocol=tcp`. */
function parsePublish(text: string): PortBinding[] {
  const { address, host, container, protocol } = splitPublish(text.includes('=') ? standardNotation(text) : text);
  if (container === '') throw refused(`no port specified: ${text}<empty>`);
  if (address !== '' && isIP(address) === 0) throw refused(`invalid IP address: ${address}`);
  const ports = parseRange(container);
  if (ports === null || ports.first === 0) throw refused(`invalid containerPort: ${container}`);
  const hostPorts = host === '' ? { first: 0, last: 0 } : parseRange(host);
  if (hostPorts === null) throw refused(`invalid hostPort: ${host}`);
  if (!['tcp', 'udp', 'sctp'].includes(protocol)) throw refused(`invalid proto: ${protocol}`);
  return bind(ports, hostPorts, (port, range) => ({
    containerPort: `${port}/${protocol}`,
    hostAddress: address,
    firstHostPort: range.first,
    lastHostPort: range.last,
  }));
}

/** One port has the whole range of the host to choose from; several have one each. */
function bind(ports: Range, host: Range, make: (port: number, host: Range) => PortBinding): PortBinding[] {
  const [count, hostCount] = [ports.last - ports.first + 1, host.last - host.first + 1];
  if (count === 1) return [make(ports.first, host)];
  if (host.first !== 0 && count !== hostCount) {
    const [a, b] = [
      `${ports.first}-${ports.last}`,
      host.first === host.last ? host.first : `${host.first}-${host.last}`,
    ];
    throw refused(`invalid ranges specified for container and host Ports: ${a} and ${b}`);
  }
  return Array.from({ length: count }, (_, index) => {
    const hostPort = host.first === 0 ? 0 : host.first + index;
    return make(ports.first + index, { first: hostPort, last: hostPort });
  });
}

function splitPublish(text: string): { address: string; host: string; container: string; protocol: string } {
  const slash = text.lastIndexOf('/');
  const protocol = slash === -1 ? 'tcp' : text.slice(slash + 1).toLowerCase() || 'tcp';
  const parts = (slash === -1 ? text : text.slice(0, slash)).split(':');
  const container = parts.pop() ?? '';
  const host = parts.pop() ?? '';
  return { address: parts.join(':').replace(/^\[(.*)\]$/, '$1'), host, container, protocol };
}

function parseRange(text: string): Range | null {
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const range = { first: Number(first), last: Number(last) };
  return first === undefined || range.last > 65_535 || range.first > range.last ? null : range;
}

function standardNotation(text: string): string {
  const values = new Map([['protocol', 'tcp']]);
  for (const field of text.split(',')) {
    const equals = field.indexOf('=');
    if (equals <= 0) throw refused(`invalid publish opts format (should be name=value but got '${field}')`);
    values.set(field.slice(0, equals), field.slice(equals + 1));
  }
  return `${values.get('published') ?? ''}:${values.get('target') ?? ''}/${values.get('protocol') ?? ''}`;
}

function refused(message: string): CliError {
  return new CliError(message, 125);
}

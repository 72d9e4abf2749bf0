import { BerthError } from '@berth/errors';
import type { ContainerConfig, PortBinding } from '../container-config.ts';
import type { Container, Endpoint, PublishedPort } from '../container.ts';
import type { Addresses } from '../plan/plan.ts';
import { familyOf, formatAddress, parseAddress, type Family } from './ip-address.ts';

/** A range of ports. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** A container, and its addresses on the network that it is published from. */
export interface PortHolder extends Addresses {
  readonly id: string;
}

/** The ports that are published of a container. */
export interface Publication extends Addresses {
  readonly ports: readonly PublishedPort[];
}

/** The host's ports that containers publish, each one container's at a time. */
export interface PortPool {
  /**
   * Gives a container that has none a port of the host for each binding, all or none; one at all addresses is the same port of each family
   * that the container has. Ports that `busy` names (`0.0.0.0:80/tcp`, `[::]:80/tcp`) are not given. Throws PORT_IN_USE, and
   * INVALID_ARGUMENT for an address of a family that the container has none of.
   */
  take(container: PortHolder, bindings: readonly PortBinding[], busy?: ReadonlySet<string>): PublishedPort[];
  /** Notes what a container has, as start-up does with those it finds. */
  claim(container: PortHolder, ports: readonly PublishedPort[]): void;
  /** What a container has; null when it has none. */
  of(containerId: string): Publication | null;
  /** The same, and from now on it is not published any more, though still the container's. */
  retire(containerId: string): Publication | null;
  /** The containers that have what a binding without a choice wants. */
  holdersOf(bindings: readonly PortBinding[]): string[];
  /** Resolves when a container has none any more. */
  whenReleased(containerId: string): Promise<void>;
  /** All that is published, or about to be. */
  all(): Publication[];
  /** Gives back all that a container has. */
  release(containerId: string): void;
}

const ANY: Readonly<Record<Family, string>> = { 4: '0.0.0.0', 6: '::' };

/** A pool. `ephemeralPorts` are those that the host gives out by itself; they are gone through in turn, as in Docker. */
export function createPortPool(ephemeralPorts: () => PortRange): PortPool {
  const held = new Map<string, Publication>();
  /** `80/tcp` of the host, and the addresses at which it is taken. */
  const taken = new Map<string, string[]>();
  const retired = new Set<string>();
  const waiting = new Map<string, PromiseWithResolvers<void>>();
  let nextEphemeral = 0;

  function isFree(address: string, key: string): boolean {
    const addresses = taken.get(key) ?? [];
    return !addresses.some((other) => meet(other, address));
  }

  function note(port: PublishedPort): void {
    const key = hostKey(port);
    taken.set(key, [...(taken.get(key) ?? []), port.hostAddress]);
  }

  function forget(port: PublishedPort): void {
    const key = hostKey(port);
    const others = [...(taken.get(key) ?? [])];
    others.splice(others.indexOf(port.hostAddress), 1);
    if (others.length === 0) taken.delete(key);
    else taken.set(key, others);
  }

  function choose(addresses: readonly string[], binding: PortBinding, busy: ReadonlySet<string>): PublishedPort[] {
    const { containerPort, firstHostPort, lastHostPort } = binding;
    const range = firstHostPort === 0 ? ephemeralPorts() : { first: firstHostPort, last: lastHostPort };
    const size = range.last - range.first + 1;
    const offset = firstHostPort === 0 ? Math.max(0, nextEphemeral - range.first) : 0;
    let at = addresses[0] ?? '';
    for (let index = 0; index < size; index++) {
      const hostPort = range.first + ((offset + index) % size);
      const ports = addresses.map((hostAddress) => ({ containerPort, hostAddress, hostPort }));
      const conflict = ports.find((port) => busy.has(hostPortText(port)) || !isFree(port.hostAddress, hostKey(port)));
      if (conflict !== undefined) {
        at = conflict.hostAddress;
        continue;
      }
      if (firstHostPort === 0) nextEphemeral = hostPort + 1;
      return ports;
    }
    throw new BerthError(
      'PORT_IN_USE',
      firstHostPort === lastHostPort && firstHostPort !== 0
        ? `Bind for ${at}:${firstHostPort} failed: port is already allocated`
        : `Bind for ${at} failed: all ports are allocated`,
    );
  }

  function release(containerId: string): void {
    held.get(containerId)?.ports.forEach(forget);
    held.delete(containerId);
    retired.delete(containerId);
    waiting.get(containerId)?.resolve();
    waiting.delete(containerId);
  }

  return {
    take({ id, address, address6 }, bindings, busy = new Set()) {
      const ports: PublishedPort[] = [];
      try {
        for (const binding of bindings) {
          const chosen = choose(hostAddresses({ address, address6 }, binding), binding, busy);
          chosen.forEach(note);
          ports.push(...chosen);
        }
      } catch (error) {
        ports.forEach(forget);
        throw error;
      }
      if (ports.length > 0) held.set(id, { address, address6, ports });
      return ports;
    },
    claim({ id, address, address6 }, ports) {
      if (ports.length === 0) return;
      ports.forEach(note);
      held.set(id, { address, address6, ports });
    },
    of: (containerId) => held.get(containerId) ?? null,
    retire(containerId) {
      const publication = held.get(containerId) ?? null;
      if (publication !== null) retired.add(containerId);
      return publication;
    },
    holdersOf: (bindings) =>
      [...held]
        .filter(([, { ports }]) => ports.some((port) => bindings.some((b) => isWanted(b, port))))
        .map(([id]) => id),
    whenReleased(containerId) {
      if (!held.has(containerId)) return Promise.resolve();
      const waiter = waiting.get(containerId) ?? Promise.withResolvers<void>();
      waiting.set(containerId, waiter);
      return waiter.promise;
    },
    all: () => [...held].flatMap(([id, publication]) => (retired.has(id) ? [] : [publication])),
    release,
  };
}

/** A container that is published from its place on a network. */
export function portHolder(id: string, place: Endpoint | null): PortHolder {
  return { id, address: place?.address ?? '', address6: place?.ipv6?.address ?? '' };
}

/** What a container publishes when it starts: what is bound, and with publishAllPorts what else it exposes. */
export function wantedBindings({ config, exposedPorts }: Container): PortBinding[] {
  const unbound = exposedPorts.filter((port) => !isBound(config, port));
  return [...config.portBindings, ...(config.publishAllPorts ? unbound.map(anyHostPort) : [])];
}

/** `0.0.0.0:80/tcp` or `[::]:80/tcp`, the host's side of a published port. */
function hostPortText(port: PublishedPort): string {
  const { hostAddress } = port;
  return `${familyOf(hostAddress) === 6 ? `[${hostAddress}]` : hostAddress}:${hostKey(port)}`;
}

/** The addresses of the host at which a container is published. */
function hostAddresses({ address, address6 }: Addresses, binding: PortBinding): string[] {
  const has = { 4: address !== '', 6: address6 !== '' };
  const wanted = wantedAddresses(binding);
  const possible = wanted.filter((each) => has[familyOf(each)]);
  if (possible.length > 0) return possible;
  const text = `port ${binding.containerPort} cannot be published at ${wanted.join(' and ')}: the container has no address of that family`;
  throw new BerthError('INVALID_ARGUMENT', text);
}

function wantedAddresses({ hostAddress }: PortBinding): string[] {
  const address = parseAddress(hostAddress);
  return address === null ? [ANY[4], ANY[6]] : [formatAddress(address)];
}

function meet(one: string, other: string): boolean {
  const family = familyOf(one);
  return family === familyOf(other) && (one === other || [one, other].includes(ANY[family]));
}

function isWanted(binding: PortBinding, port: PublishedPort): boolean {
  const { firstHostPort, lastHostPort, containerPort } = binding;
  if (firstHostPort === 0 || firstHostPort !== lastHostPort) return false;
  const wanted = { containerPort, hostPort: firstHostPort };
  return hostKey(wanted) === hostKey(port) && wantedAddresses(binding).some((each) => meet(each, port.hostAddress));
}

function isBound({ portBindings }: ContainerConfig, port: string): boolean {
  return portBindings.some(({ containerPort }) => containerPort === port);
}

function anyHostPort(containerPort: string): PortBinding {
  return { containerPort, hostAddress: '', firstHostPort: 0, lastHostPort: 0 };
}

function hostKey({ hostPort, containerPort }: Pick<PublishedPort, 'hostPort' | 'containerPort'>): string {
  return `${hostPort}/${containerPort.split('/')[1] ?? 'tcp'}`;
}

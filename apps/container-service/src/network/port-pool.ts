import { BerthError } from '@berth/errors';
import type { ContainerConfig, PortBinding } from '../container-config.ts';
import type { Container, PublishedPort } from '../container.ts';

/** A range of ports. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** A container, and its address on the engine's network. */
export interface PortHolder {
  readonly id: string;
  readonly address: string;
}

/** The ports that are published of a container. */
export interface Publication {
  readonly address: string;
  readonly ports: readonly PublishedPort[];
}

/** The host's ports that containers publish, each one container's at a time. */
export interface PortPool {
  /**
   * Gives a container that has none a port of the host for each binding, all or none. Ports that `busy` names (`0.0.0.0:80/tcp`) are not
   * given. Throws PORT_IN_USE.
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

const ANY = '0.0.0.0';

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
    return address === ANY ? addresses.length === 0 : !addresses.includes(address) && !addresses.includes(ANY);
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

  function choose(binding: PortBinding, busy: ReadonlySet<string>): PublishedPort {
    const hostAddress = binding.hostAddress || ANY;
    const { containerPort, firstHostPort, lastHostPort } = binding;
    const range = firstHostPort === 0 ? ephemeralPorts() : { first: firstHostPort, last: lastHostPort };
    const size = range.last - range.first + 1;
    const offset = firstHostPort === 0 ? Math.max(0, nextEphemeral - range.first) : 0;
    for (let index = 0; index < size; index++) {
      const port = { containerPort, hostAddress, hostPort: range.first + ((offset + index) % size) };
      if (busy.has(hostPortText(port)) || !isFree(hostAddress, hostKey(port))) continue;
      if (firstHostPort === 0) nextEphemeral = port.hostPort + 1;
      return port;
    }
    throw new BerthError(
      'PORT_IN_USE',
      firstHostPort === lastHostPort && firstHostPort !== 0
        ? `Bind for ${hostAddress}:${firstHostPort} failed: port is already allocated`
        : `Bind for ${hostAddress} failed: all ports are allocated`,
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
    take({ id, address }, bindings, busy = new Set()) {
      const ports: PublishedPort[] = [];
      try {
        for (const binding of bindings) {
          const port = choose(binding, busy);
          note(port);
          ports.push(port);
        }
      } catch (error) {
        ports.forEach(forget);
        throw error;
      }
      if (ports.length > 0) held.set(id, { address, ports });
      return ports;
    },
    claim({ id, address }, ports) {
      if (ports.length === 0) return;
      ports.forEach(note);
      held.set(id, { address, ports });
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

/** What a container publishes when it starts: what is bound, and with publishAllPorts what else it exposes. */
export function wantedBindings({ config, exposedPorts }: Container): PortBinding[] {
  const unbound = exposedPorts.filter((port) => !isBound(config, port));
  return [...config.portBindings, ...(config.publishAllPorts ? unbound.map(anyHostPort) : [])];
}

/** `0.0.0.0:80/tcp`, the host's side of a published port. */
function hostPortText(port: PublishedPort): string {
  return `${port.hostAddress}:${hostKey(port)}`;
}

function isWanted(
  { hostAddress, firstHostPort, lastHostPort, containerPort }: PortBinding,
  port: PublishedPort,
): boolean {
  if (firstHostPort === 0 || firstHostPort !== lastHostPort) return false;
  const wanted = { containerPort, hostAddress: hostAddress || ANY, hostPort: firstHostPort };
  const meets = [wanted.hostAddress, port.hostAddress].includes(ANY) || wanted.hostAddress === port.hostAddress;
  return meets && hostKey(wanted) === hostKey(port);
}

function isBound({ portBindings }: ContainerConfig, port: string): boolean {
  return portBindings.some(({ containerPort }) => containerPort === port);
}

function anyHostPort(containerPort: string): PortBinding {
  return { containerPort, hostAddress: '', firstHostPort: 0, lastHostPort: 0 };
}

function hostKey({ hostPort, containerPort }: PublishedPort): string {
  return `${hostPort}/${containerPort.split('/')[1] ?? 'tcp'}`;
}

import type { Container, NetworkOfContainer } from './container.ts';
import type { Network } from './network/network.ts';
import type { ProcessExit } from './ports/process.ts';
import type { ContainerEvent } from './ports/stores.ts';

/** An event of a container: labels, image and name, and what the verb adds. */
export function containerEvent(
  container: Container,
  verb: string,
  extra: Readonly<Record<string, string>> = {},
): ContainerEvent {
  const attributes = { ...container.labels, image: container.config.image, name: container.name, ...extra };
  return { noun: 'container', verb, objectId: container.id, attributes };
}

/** What a removal of all that does not run tells: it is about no single container. */
export function pruneEvent(reclaimedBytes: number): ContainerEvent {
  return { noun: 'container', verb: 'prune', objectId: '', attributes: { reclaimed: String(reclaimedBytes) } };
}

/** An event of a network itself: it is created, or gone. */
export function networkEvent({ id, name, driver }: Network, verb: 'create' | 'destroy'): ContainerEvent {
  return { noun: 'network', verb, objectId: id, attributes: { name, type: driver } };
}

/** What a removal of all networks that nobody is on tells: it is about no single network. */
export function prunedNetworksEvent(): ContainerEvent {
  return { noun: 'network', verb: 'prune', objectId: '', attributes: { reclaimed: '0' } };
}

/** What a start tells: the networks, the volumes, then the container itself. */
export function startEvents(container: Container, networks: readonly NetworkOfContainer[]): ContainerEvent[] {
  return [
    ...networks.map((network) => endpointEvent(container, 'connect', network)),
    ...volumes(container).map(({ name, target, readonly }) => ({
      noun: 'volume' as const,
      verb: 'mount',
      objectId: name,
      attributes: {
        container: container.id,
        destination: target,
        driver: 'local',
        propagation: '',
        'read/write': String(!readonly),
      },
    })),
    containerEvent(container, 'start'),
  ];
}

/** What an end tells, first that memory was short. `container` is as it was while it ran. */
export function exitEvents(
  container: Container,
  exit: ProcessExit,
  networks: readonly NetworkOfContainer[],
): ContainerEvent[] {
  const nanos = exit.timeNs - (container.state.startTimeNs ?? exit.timeNs);
  const execDuration = String(nanos > 0n ? nanos / 1_000_000_000n : 0n);
  return [
    ...oomEvents(container, exit),
    containerEvent(container, 'die', { exitCode: String(exit.exitCode), execDuration }),
    ...networks.map((network) => endpointEvent(container, 'disconnect', network)),
    ...volumes(container).map(({ name }) => ({
      noun: 'volume' as const,
      verb: 'unmount',
      objectId: name,
      attributes: { container: container.id, driver: 'local' },
    })),
  ];
}

/** That memory was short, where it was. */
export function oomEvents(container: Container, { oomKilled }: Pick<ProcessExit, 'oomKilled'>): ContainerEvent[] {
  return oomKilled ? [containerEvent(container, 'oom')] : [];
}

/** What the end of an exec tells. */
export function execDieEvent(container: Container, execId: string, exitCode: number): ContainerEvent {
  return containerEvent(container, 'exec_die', { execID: execId, exitCode: String(exitCode) });
}

/** The exit code of a process that SIGKILL ended. */
const KILLED = 137;

/** What the end of an exec tells that went with its container. */
export function execKilledEvent(container: Container, execId: string): ContainerEvent {
  return execDieEvent(container, execId, KILLED);
}

/** What a signal tells: its number, as Docker has it. */
export function killEvent(container: Container, signal: number): ContainerEvent {
  return containerEvent(container, 'kill', { signal: String(signal) });
}

function volumes(container: Container): Container['mounts'] {
  return container.mounts.filter(({ type }) => type === 'volume');
}

/** A container comes on a network, or leaves it. */
export function endpointEvent(
  { id }: Pick<Container, 'id'>,
  verb: 'connect' | 'disconnect',
  { networkId, network, driver }: NetworkOfContainer,
): ContainerEvent {
  return { noun: 'network', verb, objectId: networkId, attributes: { container: id, name: network, type: driver } };
}

import { setTimeout as sleep } from 'node:timers/promises';
import { BerthError, isBerthError, toBerthError } from '@berth/errors';
import type { PortBinding } from './container-config.ts';
import { isActive, type Container, type Endpoint, type PublishedPort } from './container.ts';
import type { ContainerPlaces } from './network/container-places.ts';
import type { EngineNetwork } from './network/engine-network.ts';
import { bridgeOptions } from './network/network.ts';
import type { Networks } from './network/networks.ts';
import { portHolder, wantedBindings, type PortPool } from './network/port-pool.ts';
import type { PlanBuilder } from './plan/build-plan.ts';
import type { ContainerPlan } from './plan/plan.ts';
import type { ContainerFiles } from './ports/files.ts';
import type { StartedProcess } from './ports/process.ts';
import type { Runtime } from './ports/runtime.ts';
import type { ContainerStore } from './ports/stores.ts';

/** What publishing needs. */
export interface PublishDeps {
  readonly store: ContainerStore;
  readonly runtime: Runtime;
  readonly network: Pick<EngineNetwork, 'ensure'>;
  readonly networks: Pick<Networks, 'doubt' | 'find' | 'renew'>;
  readonly ports: PortPool;
  readonly places: Pick<ContainerPlaces, 'interfaceAt'>;
  readonly plans: Pick<PlanBuilder, 'publication'>;
  readonly files: Pick<ContainerFiles, 'paths'>;
}

/** The published ports of containers that start. */
export interface PortPublisher {
  /** Waits, for a while, until containers that have ended have given back what a container wants. */
  settled(container: Container): Promise<void>;
  /**
   * Gives a container that is about to start its ports of the host; none on a network that nothing leaves, as in Docker, and none when
   * another start of it has some. A refusal is for its start to fail
   * with; null: there is none.
   */
  take(
    container: Container,
    endpoint: Endpoint | null,
  ): { publishedPorts: PublishedPort[]; refusal: BerthError | null };
  /**
   * Starts a container with the ports that it has; where another program has one that leaves a choice, with the next. `claimed` has those it
   * got; `first` stands for the first attempt. A bridge or a table that is missing is made anew, once. Throws as Runtime.startContainer.
   */
  start(
    starting: Container,
    planOf: (container: Container) => ContainerPlan,
    first?: (() => Promise<StartedProcess>) | null,
  ): Promise<{ claimed: Container; process: StartedProcess }>;
  /**
   * Publishes what a container that runs is to publish from the first of its places, in place of what it does: other ports where it left the choice.
   * Throws PORT_IN_USE, INVALID_ARGUMENT, START_FAILED; nothing is published then. One that has ended meanwhile is no failure.
   */
  renew(containerId: string): Promise<void>;
  /** Gives the ports of a container back. */
  release(containerId: string): void;
}

/** How long the clean-up of a container that has ended is waited for. */
const RELEASE_TIMEOUT_MS = 5_000;

/** A publisher for all containers. */
export function createPortPublisher(deps: PublishDeps): PortPublisher {
  const { store, runtime, network, networks, ports, places, plans, files } = deps;

  /** The ports are in the row before they are the kernel's. */
  async function publish(container: Container, publishedPorts: readonly PublishedPort[]): Promise<void> {
    const after = { ...container, state: { ...container.state, publishedPorts } };
    store.replace(container, after, []);
    const { endpoint } = container.state;
    const { stateDir } = files.paths(container.id);
    if (endpoint === null || publishedPorts.length === 0) return runtime.publish(stateDir, null, '');
    const { bridge, hostName, ...addresses } = places.interfaceAt(container, endpoint);
    return runtime.publish(stateDir, plans.publication(publishedPorts, addresses, bridge), hostName);
  }

  /** The rows of a container that is not about to end. */
  function active(id: string): Container | null {
    const container = store.get(id);
    return container !== null && isActive(container) ? container : null;
  }

  /** Publishes a container; where another program has a port that leaves a choice, with the next. */
  async function publishWith(id: string, busy: ReadonlySet<string>): Promise<void> {
    const container = active(id);
    if (container === null) return;
    const { endpoint } = container.state;
    ports.release(id);
    const wanted = isReached(endpoint) ? bindingsAt(container, endpoint) : [];
    try {
      await publish(container, ports.take(portHolder(id, endpoint), wanted, busy));
    } catch (error) {
      if (!isBerthError(error, 'PORT_IN_USE') || busy.has(error.message) || ports.of(id) === null)
        throw networkingError(container, error);
      await publishWith(id, new Set([...busy, error.message]));
    }
  }

  async function renew(id: string): Promise<void> {
    const container = active(id);
    if (container === null || wantedBindings(container).length === 0) return;
    try {
      await publishWith(id, new Set());
    } catch (error) {
      if (isBerthError(error, 'CONTAINER_NOT_RUNNING')) return;
      ports.release(id);
      const left = active(id);
      if (left !== null) await publish(left, []);
      throw error;
    }
  }

  function isHeldByActive(id: string): boolean {
    const holder = store.get(id);
    return holder !== null && isActive(holder);
  }

  /** Those of a container on a network, which may say where its ports are published. */
  function bindingsAt(container: Container, endpoint: Endpoint | null): PortBinding[] {
    const bindings = wantedBindings(container);
    const address = endpoint === null ? '' : bridgeOptions(networks.find(endpoint.networkId)).hostAddress;
    return bindings.map((binding) => ({ ...binding, hostAddress: binding.hostAddress || address }));
  }

  /** The container with other ports in place of those that are busy. Throws PORT_IN_USE. */
  function takeOthers(starting: Container, busy: ReadonlySet<string>): Container {
    const { id, state } = starting;
    ports.release(id);
    try {
      const publishedPorts = ports.take(portHolder(id, state.endpoint), bindingsAt(starting, state.endpoint), busy);
      const claimed = { ...starting, state: { ...state, publishedPorts } };
      store.replace(starting, claimed, []);
      return claimed;
    } catch (error) {
      throw networkingError(starting, error);
    }
  }

  return {
    async settled(container) {
      const ended = ports.holdersOf(wantedBindings(container)).filter((id) => !isHeldByActive(id));
      if (ended.length === 0) return;
      const released = Promise.all(ended.map((id) => ports.whenReleased(id)));
      await Promise.race([released, sleep(RELEASE_TIMEOUT_MS, undefined, { ref: false })]);
    },
    take(container, endpoint) {
      if (!isReached(endpoint) || ports.of(container.id) !== null) return { publishedPorts: [], refusal: null };
      try {
        const holder = portHolder(container.id, endpoint);
        return { publishedPorts: ports.take(holder, bindingsAt(container, endpoint)), refusal: null };
      } catch (error) {
        return { publishedPorts: [], refusal: networkingError(container, error) };
      }
    },
    async start(starting, planOf, first = null) {
      const busy = new Set<string>();
      let claimed = starting;
      let renewed = false;
      const startAnew = () => runtime.startContainer(planOf(claimed));
      let attempt = first ?? startAnew;
      for (;;) {
        try {
          return { claimed, process: await attempt() };
        } catch (error) {
          if (isBerthError(error, 'NETWORK_MISSING') && !renewed) {
            renewed = true;
            networks.doubt();
            await network.ensure();
            await networks.renew();
          } else if (isBerthError(error, 'PORT_IN_USE') && !busy.has(error.message)) {
            busy.add(error.message);
            claimed = takeOthers(claimed, busy);
          } else {
            throw error;
          }
          attempt = startAnew;
        }
      }
    },
    renew,
    release: ports.release,
  };
}

/** Docker publishes from a bridge that leads outside. */
function isReached(endpoint: Endpoint | null): boolean {
  return endpoint?.driver === 'bridge' && (endpoint.gateway || endpoint.ipv6?.gateway || '') !== '';
}

/** Docker's words for a port that a container cannot have; what else went wrong stays as it is. */
function networkingError({ id, name }: Container, error: unknown): BerthError {
  if (!isBerthError(error, 'PORT_IN_USE')) return toBerthError(error);
  const context = `failed to set up container networking: driver failed programming external connectivity on endpoint ${name} (${id})`;
  return new BerthError('PORT_IN_USE', `${context}: ${error.message}`);
}

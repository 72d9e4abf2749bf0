import { setTimeout as sleep } from 'node:timers/promises';
import { BerthError, isBerthError, toBerthError } from '@berth/errors';
import type { PortBinding } from './container-config.ts';
import { isActive, type Container, type Endpoint, type PublishedPort } from './container.ts';
import type { EngineNetwork } from './network/engine-network.ts';
import { bridgeOptions } from './network/network.ts';
import type { Networks } from './network/networks.ts';
import { portHolder, wantedBindings, type PortPool } from './network/port-pool.ts';
import type { ContainerPlan } from './plan/plan.ts';
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
  /** Gives the ports of a container back. */
  release(containerId: string): void;
}

/** How long the clean-up of a container that has ended is waited for. */
const RELEASE_TIMEOUT_MS = 5_000;

/** A publisher for all containers. */
export function createPortPublisher({ store, runtime, network, networks, ports }: PublishDeps): PortPublisher {
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
      const isReached = endpoint !== null && (endpoint.gateway || endpoint.ipv6?.gateway || '') !== '';
      if (!isReached || ports.of(container.id) !== null) return { publishedPorts: [], refusal: null };
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
    release: ports.release,
  };
}

/** Docker's words for a port that a container cannot have; what else went wrong stays as it is. */
function networkingError({ id, name }: Container, error: unknown): BerthError {
  if (!isBerthError(error, 'PORT_IN_USE')) return toBerthError(error);
  const context = `failed to set up container networking: driver failed programming external connectivity on endpoint ${name} (${id})`;
  return new BerthError('PORT_IN_USE', `${context}: ${error.message}`);
}

import { addressesOf, endpointsOf, gatewaysOf, shortId, type Container } from '../container.ts';
import type { NamedContainer } from '../dns/name-table.ts';
import type { Resolver } from '../dns/resolver.ts';
import { attachmentsOf } from './attachments.ts';
import { isPredefined, type Network } from './network.ts';

/** What the names of containers need. */
export interface ContainerNamesDeps {
  readonly resolver: Resolver;
  /** The network of an id; null when there is none any more. */
  readonly networkOf: (id: string) => Network | null;
  readonly networks: () => readonly Network[];
}

/** The names of containers on user-defined networks, as their neighbours know them. On the default network there are none, as in Docker. */
export interface ContainerNames {
  /** Where a container finds the names of its networks answered; null: nowhere. */
  serverOf(container: Container): string | null;
  /** The one that 127.0.0.11 stands for in a container, which has an IPv4 address; empty: none. */
  loopbackServerOf(container: Container): string;
  /**
   * Makes the names of a container known, in place of what was said of it before; resolves when they are answered. Throws
   * NAME_SERVER_FAILED.
   */
  announce(container: Container): Promise<void>;
  /** Goes on with what an earlier service has told of these containers, and forgets all others. */
  adopt(containers: readonly Container[]): void;
  /** Gets ready for a network's first container. */
  expectNetwork(network: Network): void;
  /** Forgets the names of a container. */
  withdraw(containerId: string): void;
  /** Answers no longer on a network that is removed. */
  forgetNetwork(network: Network): void;
}

export function createContainerNames({ resolver, networkOf, networks }: ContainerNamesDeps): ContainerNames {
  function namedPlaces(container: Container) {
    return endpointsOf(container).flatMap((endpoint) => {
      const network = networkOf(endpoint.networkId);
      const server = network === null ? null : serverAt(network);
      return network === null || server === null ? [] : [{ endpoint, network, server }];
    });
  }

  function named(container: Container): NamedContainer {
    const attachments = attachmentsOf(container.config);
    return {
      id: container.id,
      places: namedPlaces(container).map(({ endpoint, network }) => {
        const aliases = attachments.find((attachment) => attachment.network === network.name)?.aliases ?? [];
        const names = [container.name, shortId(container.id), ...aliases];
        return { networkId: network.id, networkName: network.name, addresses: addressesOf(endpoint), names };
      }),
      nameServers: container.config.names.dnsServers,
      forwards: Object.values(gatewaysOf(endpointsOf(container))).some((gateway) => gateway !== ''),
    };
  }

  return {
    serverOf: (container) => namedPlaces(container)[0]?.server ?? null,
    loopbackServerOf: (container) => namedPlaces(container).find(({ server }) => !server.includes(':'))?.server ?? '',
    async announce(container) {
      const servers = new Set(namedPlaces(container).map(({ server }) => server));
      if (servers.size === 0) {
        resolver.remove(container.id);
        return;
      }
      await Promise.all([...servers].map((server) => resolver.listen(server)));
      await resolver.set(named(container));
    },
    adopt(containers) {
      const addresses = networks()
        .map(serverAt)
        .filter((server) => server !== null);
      resolver.adopt({ containerIds: containers.map(({ id }) => id), addresses });
    },
    expectNetwork(network) {
      if (serverAt(network) !== null) resolver.prepare();
    },
    withdraw: (containerId) => resolver.remove(containerId),
    forgetNetwork({ subnets }) {
      for (const { gateway } of subnets) resolver.ignore(gateway);
    },
  };
}

/** Where names of a network are answered: its gateway of IPv4 when there is one, for that comes first. Null: nowhere. */
function serverAt(network: Network): string | null {
  if (network.driver !== 'bridge' || isPredefined(network)) return null;
  return network.subnets[0]?.gateway ?? null;
}

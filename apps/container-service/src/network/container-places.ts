import { BerthError, isBerthError } from '@berth/errors';
import {
  addressesOf,
  heldAddressesOf,
  endpointsOf,
  gatewaysOf,
  type Container,
  type ContainerState,
  type Endpoint,
  type NetworkOfContainer,
} from '../container.ts';
import type { InterfacePlan } from '../plan/plan.ts';
import type { PlanBuilder } from '../plan/build-plan.ts';
import { allowsIpv6, allowsIpv6Loopback, attachmentsOf, byGateway, plainAttachment } from './attachments.ts';
import type { ContainerNames } from './container-names.ts';
import type { EngineNetwork } from './engine-network.ts';
import { endpointSysctls, wantedInterfaceName } from './endpoint-options.ts';
import { interfaceNameAt } from './interface-name.ts';
import { nameFiles, type HostNameFiles, type NameFiles } from './name-files.ts';
import type { Networks } from './networks.ts';

/** The places of a container, as its state has them. */
export type TakenPlaces = Pick<ContainerState, 'endpoint' | 'furtherEndpoints'>;

/** What the places of containers need. */
export interface ContainerPlacesDeps {
  readonly networks: Networks;
  readonly network: EngineNetwork;
  readonly names: ContainerNames;
  readonly plans: Pick<PlanBuilder, 'hostInterface'>;
  readonly hostNameFiles: () => HostNameFiles;
}

/** The places of containers on networks, while they run. */
export interface ContainerPlaces {
  /** Throws NETWORK_NOT_FOUND, ADDRESS_POOL_EMPTY, ADDRESS_IN_USE, INVALID_ARGUMENT; nothing is taken then. */
  take(container: Container): TakenPlaces;
  /** Marks the addresses of a container as taken, as start-up does. */
  claim(container: Container): void;
  release(places: TakenPlaces): void;
  /** The networks that a container that runs is on: those of its places, or host or none, which give it no place. */
  networksOf(container: Container): readonly NetworkOfContainer[];
  /** Makes the bridges of a container ready, and answers its names. Throws START_FAILED, NAME_SERVER_FAILED, SERVICE_UNAVAILABLE. */
  prepare(container: Container): Promise<void>;
  /** The interfaces of a container, with its default routes. */
  interfaces(container: Container): InterfacePlan[];
  /** One of them, without a default route. */
  interfaceAt(container: Container, endpoint: Endpoint): InterfacePlan;
  /** What stands in the name files of a container. */
  nameFiles(container: Container): NameFiles;
}

export function createContainerPlaces(deps: ContainerPlacesDeps): ContainerPlaces {
  const { networks, network: engineNetwork, names, plans } = deps;

  function takeAll(container: Container, taken: Map<string, Endpoint>): Endpoint[] {
    const attachments = attachmentsOf(container.config);
    const asked = attachments.map(wantedInterfaceName);
    const places = attachments.map((attachment) => {
      const network = networks.named(attachment.network);
      if (network === null) throw new BerthError('NETWORK_NOT_FOUND', `network ${attachment.network} not found`);
      const names = [...taken.values()].map((endpoint) => endpoint.interfaceName);
      const interfaceName = interfaceNameAt(network, attachment, { names, asked });
      const wanted = { ...attachment, interfaceName, ipv6: allowsIpv6(container.config) };
      const endpoint = networks.take(network, wanted);
      taken.set(network.id, endpoint);
      return { attachment, network, endpoint };
    });
    return byGateway(places).map(({ endpoint }) => endpoint);
  }

  function interfaceAt({ id, config }: Container, endpoint: Endpoint): InterfacePlan {
    const { address, prefixLength, hardwareAddress, interfaceName: name, ipv6 } = endpoint;
    const link = networks.link(networks.find(endpoint.networkId));
    const hostName = plans.hostInterface(id, name);
    const addresses = { address, prefixLength, address6: ipv6?.address ?? '', prefixLength6: ipv6?.prefixLength ?? 0 };
    const attachment =
      attachmentsOf(config).find(({ network }) => network === endpoint.network) ?? plainAttachment(endpoint.network);
    const { linkLocalAddresses } = attachment;
    const sysctls = endpointSysctls(attachment, name);
    const own = { hardwareAddress, linkLocalAddresses, sysctls };
    return { ...link, hostName, name, ...addresses, ...own, gateway: '', gateway6: '' };
  }

  return {
    take(container) {
      const taken = new Map<string, Endpoint>();
      try {
        const [endpoint = null, ...furtherEndpoints] = takeAll(container, taken);
        return { endpoint, furtherEndpoints };
      } catch (error) {
        for (const address of [...taken.values()].flatMap(heldAddressesOf)) networks.release(address);
        if (!isBerthError(error)) throw error;
        const message = `failed to set up container networking: ${error.message}`;
        throw new BerthError(error.reason, message, { cause: error });
      }
    },
    claim(container) {
      for (const address of endpointsOf(container).flatMap(heldAddressesOf)) networks.claim(address);
    },
    release({ endpoint, furtherEndpoints }) {
      const endpoints = endpoint === null ? furtherEndpoints : [endpoint, ...furtherEndpoints];
      for (const address of endpoints.flatMap(heldAddressesOf)) networks.release(address);
    },
    networksOf(container) {
      const mode = networks.named(container.config.networkMode);
      if (mode?.driver !== 'host' && mode?.driver !== 'null') return endpointsOf(container);
      return [{ networkId: mode.id, network: mode.name, driver: mode.driver }];
    },
    async prepare(container) {
      const endpoints = endpointsOf(container);
      await Promise.all(endpoints.map(({ networkId }) => networks.ensure(networks.find(networkId))));
      await names.announce(container);
    },
    interfaces(container) {
      const endpoints = endpointsOf(container);
      return endpoints.map((endpoint) => ({
        ...interfaceAt(container, endpoint),
        ...gatewaysOf(endpoints, endpoint),
      }));
    },
    interfaceAt,
    nameFiles(container) {
      const { hostname, config } = container;
      const endpoints = endpointsOf(container);
      const addresses = endpoints.flatMap(addressesOf);
      const nameServer = names.serverOf(container);
      const { networkMode, names: own } = config;
      const ipv6 = {
        onLoopback: allowsIpv6Loopback(config),
        leaves: gatewaysOf(endpoints).gateway6 !== '',
      };
      const input = { networkMode, hostname, addresses, nameServer, gateway: engineNetwork.gateway, names: own, ipv6 };
      return nameFiles(input, deps.hostNameFiles());
    },
  };
}

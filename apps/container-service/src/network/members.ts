import { endpointsOf, isActive, type Container, type Endpoint } from '../container.ts';
import { endpointId } from './endpoint-id.ts';
import type { Network, NetworkMember } from './network.ts';

type Addresses = Omit<NetworkMember, 'containerId' | 'name' | 'endpointId'>;

const NO_ADDRESSES: Addresses = {
  address: '',
  prefixLength: 0,
  ipv6Address: '',
  ipv6PrefixLength: 0,
  hardwareAddress: '',
};

/**
 * The containers that run on a network, or are about to: those whose rows have a place on it, or that are on host or none, which has no places. Rows are
 * read when the first network is asked for, once for all.
 */
export function lookUpMembers(containers: () => readonly Container[]): (network: Network) => NetworkMember[] {
  let active: Container[] | null = null;
  return (network) => {
    active ??= containers().filter(isActive);
    return active.flatMap((container) => {
      const addresses = addressesAt(network, container);
      const { id: containerId, name } = container;
      return addresses === null
        ? []
        : [{ containerId, name, endpointId: endpointId(containerId, network.id), ...addresses }];
    });
  };
}

/** Null for a container that is not on the network. */
function addressesAt({ id, name, driver }: Network, container: Container): Addresses | null {
  if (driver === 'host' || driver === 'null') return container.config.networkMode === name ? NO_ADDRESSES : null;
  const endpoint = endpointsOf(container).find(({ networkId }) => networkId === id);
  return endpoint === undefined ? null : addressesOf(endpoint);
}

function addressesOf({ address, prefixLength, hardwareAddress, ipv6 }: Endpoint): Addresses {
  const ipv6Place = { ipv6Address: ipv6?.address ?? '', ipv6PrefixLength: ipv6?.prefixLength ?? 0 };
  return { address, prefixLength, hardwareAddress, ...ipv6Place };
}

import { endpointsOf, isActive } from '../container.ts';
import type { ContainerStore } from '../ports/stores.ts';
import { endpointId } from './endpoint-id.ts';
import type { NetworkMember } from './network.ts';

/** The containers that run on a network, or are about to: those whose rows have a place on it. */
export function networkMembers(store: Pick<ContainerStore, 'list'>, networkId: string): NetworkMember[] {
  return store
    .list()
    .filter(isActive)
    .flatMap((container) => {
      const endpoint = endpointsOf(container).find((each) => each.networkId === networkId);
      if (endpoint === undefined) return [];
      const { address, prefixLength, hardwareAddress, ipv6 } = endpoint;
      const { id: containerId, name } = container;
      const addresses = {
        address,
        prefixLength,
        ipv6Address: ipv6?.address ?? '',
        ipv6PrefixLength: ipv6?.prefixLength ?? 0,
      };
      return [{ containerId, name, endpointId: endpointId(containerId, networkId), hardwareAddress, ...addresses }];
    });
}

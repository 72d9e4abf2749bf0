import { isActive } from '../container.ts';
import type { ContainerStore } from '../ports.ts';
import { endpointId } from './endpoint-id.ts';
import type { NetworkMember } from './network.ts';

/** The containers that run on a network, or are about to: those whose rows have a place on it. */
export function networkMembers(
  store: Pick<ContainerStore, 'list'>,
  networkId: string,
  isDefault: boolean,
): NetworkMember[] {
  return store.list().flatMap((container) => {
    const { id, name, state } = container;
    if (!isDefault || state.endpoint === null || !isActive(container)) return [];
    const { address, prefixLength, hardwareAddress } = state.endpoint;
    return [{ containerId: id, name, endpointId: endpointId(id, networkId), address, prefixLength, hardwareAddress }];
  });
}

import type { ContainerServiceImplementation } from '@berth/proto/container';
import type { Networks } from '../network/networks.ts';
import { fromProtoNetwork, toProtoNetwork } from './convert-network.ts';

type NetworkMethods = 'createNetwork' | 'getNetwork' | 'listNetworks' | 'deleteNetwork' | 'pruneNetworks';

/** The methods of ContainerService that are about networks. */
export function createNetworkHandlers(networks: Networks): Pick<ContainerServiceImplementation, NetworkMethods> {
  return {
    async createNetwork(request) {
      const { id } = await networks.create(fromProtoNetwork(request));
      return { id };
    },
    getNetwork({ network: reference }) {
      const network = networks.find(reference);
      return Promise.resolve({ network: toProtoNetwork(network, networks.members(network.id)) });
    },
    listNetworks({ filters }) {
      const found = networks.list(filters);
      return Promise.resolve({ networks: found.map((each) => toProtoNetwork(each, networks.members(each.id))) });
    },
    async deleteNetwork({ network }) {
      await networks.remove(network);
      return {};
    },
    async pruneNetworks({ filters }) {
      return { deletedNames: await networks.prune(filters) };
    },
  };
}

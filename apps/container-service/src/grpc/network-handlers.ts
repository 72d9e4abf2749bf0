import type { ContainerServiceImplementation } from '@berth/proto/container';
import { BerthError } from '@berth/errors';
import type { ContainerEngine } from '../container-engine.ts';
import { fromProtoAttachment } from './convert-endpoints.ts';
import { fromProtoNetwork, toProtoNetwork } from './convert-network.ts';

type NetworkMethods =
  | 'createNetwork'
  | 'getNetwork'
  | 'listNetworks'
  | 'deleteNetwork'
  | 'connectNetwork'
  | 'disconnectNetwork'
  | 'pruneNetworks';

/** The methods of ContainerService that are about networks. */
export function createNetworkHandlers({
  networks,
  connector,
}: Pick<ContainerEngine, 'networks' | 'connector'>): Pick<ContainerServiceImplementation, NetworkMethods> {
  return {
    async createNetwork(request) {
      const { id } = await networks.create(fromProtoNetwork(request));
      return { id };
    },
    getNetwork({ network: reference }) {
      const network = networks.find(reference);
      return Promise.resolve({ network: toProtoNetwork(network, networks.members()(network)) });
    },
    listNetworks({ filters }) {
      const found = networks.list(filters);
      const membersOf = networks.members();
      return Promise.resolve({ networks: found.map((each) => toProtoNetwork(each, membersOf(each))) });
    },
    async deleteNetwork({ network }) {
      await networks.remove(network);
      return {};
    },
    async connectNetwork({ container, attachment }) {
      if (attachment === undefined) throw new BerthError('INVALID_ARGUMENT', 'a network to connect to is missing');
      await connector.connect(container, fromProtoAttachment(attachment));
      return {};
    },
    async disconnectNetwork({ container, network, force }) {
      await connector.disconnect(container, network, { force });
      return {};
    },
    async pruneNetworks({ filters }) {
      return { deletedNames: await networks.prune(filters) };
    },
  };
}

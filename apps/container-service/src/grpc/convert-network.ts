import type {
  CreateNetworkRequest,
  Network as ProtoNetwork,
  NetworkContainer,
  NetworkSubnet as ProtoSubnet,
} from '@berth/proto/container';
import type { Network, NetworkMember, NetworkRequest, NetworkSubnet } from '../network/network.ts';
import { toTimestamp } from './convert.ts';

/** What a network is to be, from the wire. */
export function fromProtoNetwork({ subnets, withoutIpv4, ...request }: CreateNetworkRequest): NetworkRequest {
  return { ...request, ipv4: !withoutIpv4, subnets: subnets.map(fromProtoSubnet) };
}

/** A network and who is on it, for the wire. */
export function toProtoNetwork({ createTimeNs, ...network }: Network, members: readonly NetworkMember[]): ProtoNetwork {
  return {
    ...network,
    createTime: toTimestamp(createTimeNs),
    subnets: network.subnets.map(toProtoSubnet),
    options: { ...network.options },
    labels: { ...network.labels },
    containers: members.map(toProtoMember),
  };
}

function fromProtoSubnet({ subnet, ipRange, gateway, auxiliaryAddresses }: ProtoSubnet): NetworkSubnet {
  return { subnet, ipRange, gateway, auxiliaryAddresses };
}

function toProtoSubnet({ auxiliaryAddresses, ...subnet }: NetworkSubnet): ProtoSubnet {
  return { ...subnet, auxiliaryAddresses: { ...auxiliaryAddresses } };
}

function toProtoMember({ containerId, ...member }: NetworkMember): NetworkContainer {
  return { id: containerId, ...member };
}

import { CreateNetworkRequest, NetworkAttachment } from '@berth/proto/container';

/** A network as it is asked for. */
export function aNetwork(name: string, fields: Partial<CreateNetworkRequest> = {}): CreateNetworkRequest {
  return CreateNetworkRequest.fromPartial({ name, ...fields });
}

/** A place on it. */
export function on(network: string, fields: Partial<NetworkAttachment> = {}): NetworkAttachment {
  return NetworkAttachment.fromPartial({ network, ...fields });
}

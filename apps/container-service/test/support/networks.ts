import type { CreateNetworkRequest, NetworkAttachment } from '@berth/proto/container';

/** A network as it is asked for. */
export function aNetwork(name: string, fields: Partial<CreateNetworkRequest> = {}): CreateNetworkRequest {
  const defaults = {
    driver: '',
    subnets: [],
    internal: false,
    attachable: false,
    ipv6: false,
    withoutIpv4: false,
    options: {},
    labels: {},
  };
  return { name, ...defaults, ...fields };
}

/** A place on it. */
export function on(network: string, fields: Partial<NetworkAttachment> = {}): NetworkAttachment {
  return {
    network,
    aliases: [],
    address: '',
    ipv6Address: '',
    hardwareAddress: '',
    gatewayPriority: 0,
    driverOptions: {},
    linkLocalAddresses: [],
    ...fields,
  };
}

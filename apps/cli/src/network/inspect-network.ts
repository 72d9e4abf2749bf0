// A network as `docker network inspect` shows it.
import type { Network, NetworkSubnet } from '@berth/proto/container';
import { formatRfc3339Nano } from '../format/go-time.ts';
import { sortKeys, type Json } from '../format/json.ts';

export function networkJson(network: Network): Record<string, Json> {
  return {
    Name: network.name,
    Id: network.id,
    Created: formatRfc3339Nano(network.createTime),
    Scope: 'local',
    Driver: network.driver,
    EnableIPv4: network.ipv4,
    EnableIPv6: network.ipv6,
    IPAM: {
      Driver: 'default',
      Options: isPredefined(network) ? null : {},
      Config: network.subnets.length === 0 ? null : network.subnets.map(subnetJson),
    },
    Internal: network.internal,
    Attachable: network.attachable,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: sortKeys(
      Object.fromEntries(network.containers.map((container) => [container.id, memberJson(container)])),
    ),
    Options: sortKeys(network.options),
    Labels: sortKeys(network.labels),
  };
}

function isPredefined({ name }: Network): boolean {
  return ['bridge', 'host', 'none'].includes(name);
}

function subnetJson({ subnet, ipRange, gateway, auxiliaryAddresses }: NetworkSubnet): Json {
  return {
    Subnet: subnet,
    ...(ipRange === '' ? {} : { IPRange: ipRange }),
    ...(gateway === '' ? {} : { Gateway: gateway }),
    ...(Object.keys(auxiliaryAddresses).length === 0 ? {} : { AuxiliaryAddresses: sortKeys(auxiliaryAddresses) }),
  };
}

function memberJson(container: Network['containers'][number]): Json {
  const { name, endpointId, hardwareAddress, address, prefixLength, ipv6Address, ipv6PrefixLength } = container;
  return {
    Name: name,
    EndpointID: endpointId,
    MacAddress: hardwareAddress,
    IPv4Address: address === '' ? '' : `${address}/${prefixLength}`,
    IPv6Address: ipv6Address === '' ? '' : `${ipv6Address}/${ipv6PrefixLength}`,
  };
}

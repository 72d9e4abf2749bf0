import type { Container, NetworkEndpoint } from '@berth/proto/container';
import { sortKeys, type Json } from '../../format/json.ts';
import { publishedPortsJson } from './ports-json.ts';

/** `NetworkSettings`. What stands outside of `Networks` has no IPv6: the default network has none. */
export function networkSettingsJson(container: Container): Json {
  const { networks, pid } = container;
  // What stands outside of Networks is about the default network alone.
  const network = networks.find((endpoint) => endpoint.network === 'bridge');
  const ipv6 = { GlobalIPv6Address: '', GlobalIPv6PrefixLen: 0 };
  const gateway = network?.gateway ?? '';
  const address = { IPAddress: network?.address ?? '', IPPrefixLen: network?.prefixLength ?? 0 };
  const mac = network?.hardwareAddress ?? '';
  return {
    Bridge: '',
    SandboxID: '',
    // A path that enters the network namespace, as Docker's is.
    SandboxKey: pid === 0 ? '' : `/proc/${pid}/ns/net`,
    Ports: publishedPortsJson(container),
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: network?.endpointId ?? '',
    Gateway: gateway,
    ...ipv6,
    ...address,
    IPv6Gateway: '',
    MacAddress: mac,
    Networks: sortKeys(Object.fromEntries(networks.map((endpoint) => [endpoint.network, endpointJson(endpoint)]))),
  };
}

function endpointJson(endpoint: NetworkEndpoint): Json {
  const { aliases, dnsNames, wantedAddress, wantedIpv6Address, driverOptions, linkLocalAddresses } = endpoint;
  const wanted = {
    ...(wantedAddress === '' ? {} : { IPv4Address: wantedAddress }),
    ...(wantedIpv6Address === '' ? {} : { IPv6Address: wantedIpv6Address }),
    ...(linkLocalAddresses.length === 0 ? {} : { LinkLocalIPs: linkLocalAddresses }),
  };
  return {
    IPAMConfig: Object.keys(wanted).length === 0 ? null : wanted,
    Links: null,
    Aliases: aliases.length === 0 ? null : aliases,
    MacAddress: endpoint.hardwareAddress,
    DriverOpts: Object.keys(driverOptions).length === 0 ? null : sortKeys(driverOptions),
    GwPriority: endpoint.gatewayPriority,
    NetworkID: endpoint.networkId,
    EndpointID: endpoint.endpointId,
    Gateway: endpoint.gateway,
    IPAddress: endpoint.address,
    IPPrefixLen: endpoint.prefixLength,
    IPv6Gateway: endpoint.ipv6Gateway,
    GlobalIPv6Address: endpoint.ipv6Address,
    GlobalIPv6PrefixLen: endpoint.ipv6PrefixLength,
    DNSNames: dnsNames.length === 0 ? null : dnsNames,
  };
}

import type { Container } from '@berth/proto/container';
import type { Json } from '../../format/json.ts';
import { publishedPortsJson } from './ports-json.ts';

/** `NetworkSettings`. There is no IPv6. */
export function networkSettingsJson(container: Container): Json {
  const { network, pid } = container;
  const ipv6 = { GlobalIPv6Address: '', GlobalIPv6PrefixLen: 0 };
  const gateway = network?.gateway ?? '';
  const address = { IPAddress: network?.address ?? '', IPPrefixLen: network?.prefixLength ?? 0 };
  const mac = network?.hardwareAddress ?? '';
  const endpoint = {
    IPAMConfig: null,
    Links: null,
    Aliases: null,
    MacAddress: mac,
    DriverOpts: null,
    GwPriority: 0,
    NetworkID: '',
    EndpointID: '',
    Gateway: gateway,
    ...address,
    IPv6Gateway: '',
    ...ipv6,
    DNSNames: null,
  };
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
    EndpointID: '',
    Gateway: gateway,
    ...ipv6,
    ...address,
    IPv6Gateway: '',
    MacAddress: mac,
    Networks: network?.network ? { [network.network]: endpoint } : {},
  };
}

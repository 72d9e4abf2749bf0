import type { NetworkAttachment as ProtoAttachment, NetworkEndpoint } from '@berth/proto/container';
import { endpointsOf, isActive, shortId, type Container, type Endpoint } from '../container.ts';
import type { NetworkAttachment } from '../container-config.ts';
import { attachmentsOf, plainAttachment } from '../network/attachments.ts';
import { endpointId } from '../network/endpoint-id.ts';
import { isPredefined } from '../network/network.ts';

/** A network to be on, from the wire. */
export function fromProtoAttachment(attachment: ProtoAttachment): NetworkAttachment {
  const { network, aliases, address, ipv6Address, hardwareAddress, gatewayPriority } = attachment;
  const { driverOptions, linkLocalAddresses } = attachment;
  const own = { driverOptions, linkLocalAddresses };
  return { network, aliases, address, ipv6Address, hardwareAddress, gatewayPriority, ...own };
}

/** A network to be on, for the wire. */
export function toProtoAttachment(attachment: NetworkAttachment): ProtoAttachment {
  const { aliases, driverOptions, linkLocalAddresses } = attachment;
  const own = { driverOptions: { ...driverOptions }, linkLocalAddresses: [...linkLocalAddresses] };
  return { ...attachment, aliases: [...aliases], ...own };
}

/** The places of a container, the one with the default route first; without addresses when it does not run. */
export function toProtoEndpoints(container: Container): NetworkEndpoint[] {
  const { networkMode } = container.config;
  const attachments = attachmentsOf(container.config);
  if (networkMode === 'host' || networkMode === 'none')
    return [toProtoEndpoint(container, plainAttachment(networkMode))];
  if (!isActive(container)) return attachments.map((attachment) => toProtoEndpoint(container, attachment));
  return endpointsOf(container).map((endpoint) => {
    const known = attachments.find(({ network }) => network === endpoint.network);
    return toProtoEndpoint(container, known ?? plainAttachment(endpoint.network), endpoint);
  });
}

/** In the order of eth0, eth1 … */
export function byInterface(a: NetworkEndpoint, b: NetworkEndpoint): number {
  return a.interfaceName.localeCompare(b.interfaceName, 'en', { numeric: true });
}

function toProtoEndpoint(container: Container, attachment: NetworkAttachment, endpoint?: Endpoint): NetworkEndpoint {
  const { network, aliases, address: wantedAddress, ipv6Address: wantedIpv6Address, gatewayPriority } = attachment;
  const hasNames = container.config.networkMode !== 'host' && !isPredefined({ name: network });
  return {
    network,
    address: endpoint?.address ?? '',
    prefixLength: endpoint?.prefixLength ?? 0,
    gateway: shownGateway(endpoint?.gateway),
    ipv6Address: endpoint?.ipv6?.address ?? '',
    ipv6PrefixLength: endpoint?.ipv6?.prefixLength ?? 0,
    ipv6Gateway: shownGateway(endpoint?.ipv6?.gateway),
    hardwareAddress: endpoint?.hardwareAddress ?? '',
    networkId: endpoint?.networkId ?? '',
    endpointId: endpoint === undefined ? '' : endpointId(container.id, endpoint.networkId),
    interfaceName: endpoint?.interfaceName ?? '',
    aliases: [...aliases],
    dnsNames: hasNames ? [...new Set([container.name, ...aliases, shortId(container.id)])] : [],
    wantedAddress,
    wantedIpv6Address,
    gatewayPriority,
    driverOptions: { ...attachment.driverOptions },
    linkLocalAddresses: [...attachment.linkLocalAddresses],
  };
}

/** One of zeros stands for a route without a gateway. */
function shownGateway(gateway = ''): string {
  return gateway === '0.0.0.0' || gateway === '::' ? '' : gateway;
}

import type { ContainerConfig, NetworkAttachment } from '../container-config.ts';
import { joinedContainer } from '../isolation.ts';
import type { Network } from './network.ts';

/** Asks for nothing but a network. */
export function plainAttachment(network: string): NetworkAttachment {
  return {
    network,
    aliases: [],
    address: '',
    ipv6Address: '',
    hardwareAddress: '',
    gatewayPriority: 0,
    driverOptions: {},
    linkLocalAddresses: [],
  };
}

/** The networks that a container is to be on. One that is on none any more is on that of its mode at the next start, as in Docker. */
export function attachmentsOf({ networks, networkMode }: ContainerConfig): readonly NetworkAttachment[] {
  if (networkMode === 'host' || networkMode === 'none' || joinedContainer(networkMode) !== null) return [];
  return networks.length > 0 ? networks : [plainAttachment(networkMode)];
}

/** Tells whether a container can have IPv6 on its networks: not when a sysctl of its own keeps it off all interfaces, or off new ones. */
export function allowsIpv6({ sysctls }: Pick<ContainerConfig, 'sysctls'>): boolean {
  return !['all', 'default'].some((name) => isIpv6Disabled(sysctls, name));
}

/** Tells whether one on its loopback is left to it. */
export function allowsIpv6Loopback({ sysctls }: Pick<ContainerConfig, 'sysctls'>): boolean {
  return !['all', 'lo'].some((name) => isIpv6Disabled(sysctls, name));
}

function isIpv6Disabled(sysctls: ContainerConfig['sysctls'], name: string): boolean {
  return sysctls[`net.ipv6.conf.${name}.disable_ipv6`] === '1';
}

/**
 * Puts the one with the default route first: that of the highest priority whose network has a way out, one with both families before one with IPv4, before one
 * with IPv6, by name among equals.
 */
export function byGateway<Place extends { readonly attachment: NetworkAttachment; readonly network: Network }>(
  places: readonly Place[],
): Place[] {
  return [...places].sort(
    (a, b) =>
      Number(a.network.internal) - Number(b.network.internal) ||
      b.attachment.gatewayPriority - a.attachment.gatewayPriority ||
      families(b.network) - families(a.network) ||
      (a.network.name < b.network.name ? -1 : 1),
  );
}

function families({ ipv4, ipv6 }: Network): number {
  return 2 * Number(ipv4) + Number(ipv6);
}

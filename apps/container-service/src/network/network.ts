import { familyOf, type Family } from './ip-address.ts';

/** What makes a network. `null` is that of `none`. */
export type NetworkDriver = 'bridge' | 'macvlan' | 'ipvlan' | 'host' | 'null';

/** A subnet of a network. All are texts, as users write them. */
export interface NetworkSubnet {
  /** `172.18.0.0/16`, or `fd00:1::/64`. */
  readonly subnet: string;
  /** Containers get addresses of this part of it; empty: of all of it. */
  readonly ipRange: string;
  /** The host's address, or that of a router; empty on a network that needs none. */
  readonly gateway: string;
  /** Addresses that no container gets, by name. */
  readonly auxiliaryAddresses: Readonly<Record<string, string>>;
}

/** A network that containers can be on. */
export interface Network {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  readonly driver: NetworkDriver;
  /** One of each family that it has, IPv4 first; but none for host and null. */
  readonly subnets: readonly NetworkSubnet[];
  readonly ipv4: boolean;
  readonly ipv6: boolean;
  /** Nothing passes between it and elsewhere. */
  readonly internal: boolean;
  /** Told, and without effect. */
  readonly attachable: boolean;
  /** The driver's options, as they were given. */
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Unix time in nanoseconds. */
  readonly createTimeNs: bigint;
}

/** What a user asks for when a network is to be created. */
export interface NetworkRequest extends Omit<Network, 'id' | 'driver' | 'createTimeNs'> {
  /** Empty: bridge. */
  readonly driver: string;
}

/** The networks that every engine has, and that are neither made nor removed. */
export const PREDEFINED_NETWORKS = ['bridge', 'host', 'none'] as const;

/** Tells whether a network is one of the engine's own. */
export function isPredefined({ name }: Pick<Network, 'name'>): boolean {
  return PREDEFINED_NETWORKS.some((predefined) => predefined === name);
}

/** The subnet of one family that a network has. */
export function subnetOfFamily({ subnets }: Pick<Network, 'subnets'>, family: Family): NetworkSubnet | undefined {
  return subnets.find(({ subnet }) => familyOf(subnet) === family);
}

/** What the options of a bridge say. */
export interface BridgeOptions {
  /** At most 15 bytes. */
  readonly name: string;
  /** Whether its containers reach each other. */
  readonly communicates: boolean;
  /** Whether what its containers send out of it gets the host's address. */
  readonly masquerades: boolean;
  /** 0: the kernel's default. */
  readonly mtu: number;
  /** Where ports of its containers are published when nothing is said about it; empty: at all addresses of the host. */
  readonly hostAddress: string;
}

/** Options that have an effect, by Docker's names. */
export const NETWORK_OPTION = {
  name: 'com.docker.network.bridge.name',
  communicates: 'com.docker.network.bridge.enable_icc',
  masquerades: 'com.docker.network.bridge.enable_ip_masquerade',
  hostBinding: 'com.docker.network.bridge.host_binding_ipv4',
  gatewayMode: 'com.docker.network.bridge.gateway_mode_ipv4',
  gatewayMode6: 'com.docker.network.bridge.gateway_mode_ipv6',
  mtu: 'com.docker.network.driver.mtu',
  interfacePrefix: 'com.docker.network.container_iface_prefix',
} as const;

/** What of a network's options and id makes its bridge. The options have been checked. */
export function bridgeOptions({ id, options }: Pick<Network, 'id' | 'options'>): BridgeOptions {
  const hostAddress = options[NETWORK_OPTION.hostBinding] ?? '';
  return {
    name: options[NETWORK_OPTION.name] ?? `br-${id.slice(0, 12)}`,
    communicates: isTrue(options[NETWORK_OPTION.communicates] ?? 'true'),
    masquerades: isTrue(options[NETWORK_OPTION.masquerades] ?? 'true'),
    mtu: networkMtu(options),
    hostAddress: hostAddress === '0.0.0.0' ? '' : hostAddress,
  };
}

/** 0: the kernel's default. */
export function networkMtu(options: Network['options']): number {
  return Number(options[NETWORK_OPTION.mtu] ?? 0);
}

/** What the names of interfaces in containers begin with. */
export function interfacePrefix({ options }: Pick<Network, 'options'>): string {
  return options[NETWORK_OPTION.interfacePrefix] ?? 'eth';
}

/** In bytes. */
export const INTERFACE_NAME_MAX = 15;
/** Leaves room for a number. */
export const INTERFACE_PREFIX_MAX = 11;

export function isInterfaceName(name: string): boolean {
  return name.length <= INTERFACE_NAME_MAX && /^[a-zA-Z0-9][a-zA-Z0-9._-]*$/.test(name);
}

/** Go's spellings of true and false (strconv.ParseBool). */
const TRUE = ['1', 't', 'T', 'TRUE', 'true', 'True'];
const FALSE = ['0', 'f', 'F', 'FALSE', 'false', 'False'];

/** Tells whether a text is one of them. */
export function isBoolean(text: string): boolean {
  return TRUE.includes(text) || FALSE.includes(text);
}

function isTrue(text: string): boolean {
  return TRUE.includes(text);
}

/** A container on a network, as the network shows it. */
export interface NetworkMember {
  readonly containerId: string;
  readonly name: string;
  /** 64 hexadecimal digits. */
  readonly endpointId: string;
  /** IPv4; empty for none, then the length is 0. */
  readonly address: string;
  readonly prefixLength: number;
  /** The same of IPv6. */
  readonly ipv6Address: string;
  readonly ipv6PrefixLength: number;
  readonly hardwareAddress: string;
}

import { BerthError } from '@berth/errors';
import type { Endpoint, Ipv6Place } from '../container.ts';
import type { NetworkAttachment } from '../container-config.ts';
import type { LinkPlan } from '../plan/plan.ts';
import { createAddressPool, type AddressPool } from './address-pool.ts';
import type { EngineNetwork } from './engine-network.ts';
import { hardwareAddressOf, parseAddress, parseCidr, type Family, type Subnet } from './ip-address.ts';
import { childOptions, hasHardwareAddress, isRouted } from './child-options.ts';
import { bridgeOptions, isPredefined, subnetOfFamily, type Network } from './network.ts';

/** A place that is asked for. */
export interface WantedEndpoint extends Pick<NetworkAttachment, 'address' | 'ipv6Address' | 'hardwareAddress'> {
  readonly interfaceName: string;
  /** False: no address of IPv6, whatever the network has. */
  readonly ipv6: boolean;
}

/** Hands out places on networks. An address that is held is told as `heldAddressesOf` tells it: what a network had that is gone is nobody's. */
export interface Endpoints {
  /** Throws ADDRESS_POOL_EMPTY, ADDRESS_IN_USE, INVALID_ARGUMENT; nothing is taken then. */
  take(network: Network, wanted: WantedEndpoint): Endpoint;
  /** Marks an address that is held as taken, as start-up does with those it finds in use. */
  claim(held: string): void;
  /** Gives an address back. */
  release(held: string): void;
  /** Drops what is known of a network that is gone. */
  forget(network: Network): void;
  /** What an interface on a network is connected to. */
  link(network: Network): LinkPlan;
}

const UNSPECIFIED: Readonly<Record<Family, string>> = { 4: '0.0.0.0', 6: '::' };

interface NetworkPool {
  readonly subnet: Subnet;
  readonly pool: AddressPool;
}

/** Pools are made when they are first needed; `networks` are all that there are. */
export function createEndpoints(engineNetwork: EngineNetwork, networks: () => readonly Network[]): Endpoints {
  const pools = new Map<string, NetworkPool>();

  /** Null when it has no addresses of that family. */
  function poolOf(network: Network, family: Family): NetworkPool | null {
    const key = `${network.id}/${family}`;
    const known = pools.get(key);
    const own = subnetOfFamily(network, family);
    if (known !== undefined || own === undefined) return known ?? null;
    const subnet = parseCidr(own.subnet);
    const range = own.ipRange === '' ? subnet : parseCidr(own.ipRange);
    const held = [own.gateway, ...Object.values(own.auxiliaryAddresses)];
    const reserved = held.flatMap((text) => parseAddress(text)?.value ?? []);
    const made = { subnet, pool: createAddressPool({ subnet, range, reserved }) };
    pools.set(key, made);
    return made;
  }

  /** Does something with the pool of an address that is held, unless its network has been removed. */
  function withPool(held: string, change: (pool: AddressPool, address: string) => void): void {
    const [networkId = '', text = ''] = held.split('/');
    const address = parseAddress(text);
    const network = networks().find(({ id }) => id === networkId);
    if (address === null || network === undefined) return;
    const found = poolOf(network, address.family);
    if (found !== null) change(found.pool, text);
  }

  /** A place of one family; null when the network has none of it. */
  function takeAddress(network: Network, family: Family, wanted: string): Ipv6Place | null {
    const found = poolOf(network, family);
    if (found !== null) {
      const address = found.pool.take(wanted);
      return { address, prefixLength: found.subnet.prefixLength, gateway: gatewayOf(network, family) };
    }
    if (wanted === '') return null;
    const text = `no configured subnet or ip-range contain the IP address ${wanted}`;
    throw new BerthError('INVALID_ARGUMENT', text);
  }

  function takeBoth(network: Network, wanted: Omit<WantedEndpoint, 'interfaceName'>) {
    const ipv4 = takeAddress(network, 4, wanted.address);
    try {
      return { ipv4, ipv6: wanted.ipv6 ? takeAddress(network, 6, wanted.ipv6Address) : null };
    } catch (error) {
      if (ipv4 !== null) poolOf(network, 4)?.pool.release(ipv4.address);
      throw error;
    }
  }

  return {
    take(network, { interfaceName, ...wanted }) {
      if (wanted.hardwareAddress !== '' && !hasHardwareAddress(network))
        throw new BerthError(
          'INVALID_ARGUMENT',
          `${network.driver} interfaces do not support custom mac address assignment`,
        );
      const { ipv4, ipv6 } = takeBoth(network, wanted);
      const address = parseAddress((ipv4 ?? ipv6)?.address ?? '');
      if (address === null)
        throw new BerthError('INVALID_ARGUMENT', `network ${network.name} has no address that the container can have`);
      return {
        networkId: network.id,
        network: network.name,
        driver: network.driver,
        interfaceName,
        ...(ipv4 ?? { address: '', prefixLength: 0, gateway: '' }),
        ipv6,
        hardwareAddress: hasHardwareAddress(network) ? wanted.hardwareAddress || hardwareAddressOf(address) : '',
      };
    },
    claim: (held) => withPool(held, (pool, address) => pool.claim(address)),
    release: (held) => withPool(held, (pool, address) => pool.release(address)),
    forget({ id }) {
      pools.delete(`${id}/4`);
      pools.delete(`${id}/6`);
    },
    link(network) {
      const child = childOptions(network);
      if (child !== null) {
        const { parent, mode, flags, mtu } = child;
        return { bridge: parent, kind: network.driver, mode, flags, mtu, isolated: false };
      }
      const veth = { kind: '', mode: 0, flags: 0 };
      if (isPredefined(network)) return { ...veth, bridge: engineNetwork.bridge, mtu: 0, isolated: false };
      const { name, mtu, communicates } = bridgeOptions(network);
      return { ...veth, bridge: name, mtu, isolated: !communicates };
    },
  };
}

/** Empty when nothing leaves the network; all zeros when the host routes what does. */
function gatewayOf(network: Network, family: Family): string {
  if (network.internal || childOptions(network)?.parentKind === 'dummy') return '';
  if (isRouted(network)) return UNSPECIFIED[family];
  return subnetOfFamily(network, family)?.gateway ?? '';
}

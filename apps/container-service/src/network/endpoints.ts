import { BerthError } from '@berth/errors';
import type { Endpoint } from '../container.ts';
import type { NetworkAttachment } from '../container-config.ts';
import type { LinkPlan } from '../plan/plan.ts';
import { createAddressPool, type AddressPool } from './address-pool.ts';
import type { EngineNetwork } from './engine-network.ts';
import { hardwareAddressOf, parseIpv4, subnetSize, type Subnet } from './ipv4.ts';
import { parseCidr } from './network-config.ts';
import { bridgeOptions, isPredefined, parentOptions, type Network } from './network.ts';

/** A place that is asked for. */
export interface WantedEndpoint extends Pick<NetworkAttachment, 'address' | 'hardwareAddress'> {
  readonly interfaceName: string;
}

/** Hands out places on networks, whose subnets never overlap: so an address tells its network. */
export interface Endpoints {
  /** Throws ADDRESS_POOL_EMPTY, ADDRESS_IN_USE, INVALID_ARGUMENT. */
  take(network: Network, wanted: WantedEndpoint): Endpoint;
  /** Marks an address as taken, as start-up does with those it finds in use. */
  claim(address: string): void;
  /** Gives an address back. */
  release(address: string): void;
  /** What an interface on a network is connected to. */
  link(network: Network): LinkPlan;
}

interface NetworkPool {
  readonly subnet: Subnet;
  readonly pool: AddressPool;
}

/** Pools are made when they are first needed; `networks` are all that there are. */
export function createEndpoints(engineNetwork: EngineNetwork, networks: () => readonly Network[]): Endpoints {
  const pools = new Map<string, NetworkPool>();

  function poolOf(network: Network): NetworkPool | null {
    const known = pools.get(network.id);
    const [first] = network.subnets;
    if (known !== undefined || first === undefined) return known ?? null;
    const subnet = parseCidr(first.subnet);
    const range = first.ipRange === '' ? subnet : parseCidr(first.ipRange);
    const reserved = [first.gateway, ...Object.values(first.auxiliaryAddresses)].map((text) => parseIpv4(text) ?? 0);
    const made = { subnet, pool: createAddressPool({ subnet, range, reserved }) };
    pools.set(network.id, made);
    return made;
  }

  /** Null when the network has been removed. */
  function poolAt(text: string): AddressPool | null {
    const address = parseIpv4(text) ?? 0;
    for (const network of networks()) {
      const found = poolOf(network);
      if (
        found !== null &&
        address >= found.subnet.base &&
        address < found.subnet.base + subnetSize(found.subnet.prefixLength)
      ) {
        return found.pool;
      }
    }
    return null;
  }

  return {
    take(network, { interfaceName, ...wanted }) {
      const found = poolOf(network);
      if (found === null) throw new BerthError('INVALID_ARGUMENT', `network ${network.name} has no addresses`);
      const address = found.pool.take(wanted.address);
      return {
        networkId: network.id,
        network: network.name,
        driver: network.driver,
        interfaceName,
        address,
        prefixLength: found.subnet.prefixLength,
        gateway: network.internal ? '' : (network.subnets[0]?.gateway ?? ''),
        hardwareAddress: wanted.hardwareAddress || hardwareAddressOf(parseIpv4(address) as number),
      };
    },
    claim: (address) => poolAt(address)?.claim(address),
    release: (address) => poolAt(address)?.release(address),
    link(network) {
      if (network.driver === 'macvlan') {
        const { parent, mode = 0 } = parentOptions(network.options);
        return { bridge: parent, kind: 'macvlan', mode, mtu: 0, isolated: false };
      }
      if (isPredefined(network)) return { bridge: engineNetwork.bridge, kind: '', mode: 0, mtu: 0, isolated: false };
      const { name, mtu, communicates } = bridgeOptions(network);
      return { bridge: name, kind: '', mode: 0, mtu, isolated: !communicates };
    },
  };
}

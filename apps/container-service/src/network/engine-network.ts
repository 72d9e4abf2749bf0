import { randomBytes } from 'node:crypto';
import type { Endpoint } from '../container.ts';
import type { NetworkIdentity } from '../events.ts';
import type { Runtime, SettingStore } from '../ports.ts';
import { chooseSubnet, createAddressPool } from './address-pool.ts';
import { formatIpv4, parseIpv4, subnetOf, type Subnet } from './ipv4.ts';

/** What the engine's network is made from. */
export interface EngineNetworkDeps {
  readonly runtime: Runtime;
  readonly settings: SettingStore;
  readonly bridge: string;
  readonly table: string;
  /** The networks that the host has; asked once in an engine's life. */
  readonly hostSubnets: () => Subnet[];
  /** Where among the default networks to look first, so that engines side by side differ. */
  readonly startIndex: number;
}

/** The default network of an engine: one bridge, one subnet, chosen once and kept. */
export interface EngineNetwork {
  readonly identity: NetworkIdentity;
  /** `172.17.0.0/16`. */
  readonly cidr: string;
  /** The host's address on it. */
  readonly gateway: string;
  /** Makes the bridge when this process has not yet; tries again after a failure. */
  ensure(): Promise<void>;
  /** Makes the next `ensure` look again, after a start found the bridge missing. */
  doubt(): void;
  take(): Endpoint;
  claim(address: string): void;
  release(address: string): void;
}

/** Chooses, or remembers, the engine's network. Throws ADDRESS_POOL_EMPTY. */
export function createEngineNetwork(deps: EngineNetworkDeps): EngineNetwork {
  const { runtime, settings, bridge, table } = deps;
  const cidr = settings.getOrSet('network.subnet', () => {
    const chosen = chooseSubnet(deps.hostSubnets(), deps.startIndex);
    return `${formatIpv4(chosen.base)}/${chosen.prefixLength}`;
  });
  const id = settings.getOrSet('network.id', () => randomBytes(32).toString('hex'));
  const subnet = parseCidr(cidr);
  const pool = createAddressPool(subnet);
  let ensured: Promise<void> | null = null;

  return {
    identity: { id, name: 'bridge' },
    cidr,
    gateway: formatIpv4(subnet.base + 1),
    ensure() {
      ensured ??= runtime
        .ensureNetwork({ bridge, table, address: formatIpv4(subnet.base + 1), prefixLength: subnet.prefixLength })
        .catch((error: unknown) => {
          ensured = null;
          throw error;
        });
      return ensured;
    },
    doubt() {
      ensured = null;
    },
    ...pool,
  };
}

/** The network of `172.17.0.0/16`. Throws on anything else. */
export function parseCidr(cidr: string): Subnet {
  const [address = '', length = ''] = cidr.split('/');
  const base = parseIpv4(address);
  const prefixLength = Number(length);
  if (base === null || !/^[0-9]{1,2}$/.test(length) || prefixLength > 32) throw new Error(`not a network: ${cidr}`);
  return subnetOf(base, prefixLength);
}

import { randomBytes } from 'node:crypto';
import type { Endpoint } from '../container.ts';
import type { NetworkIdentity } from '../events.ts';
import type { Runtime, SettingStore } from '../ports.ts';
import { chooseSubnet, createAddressPool } from './address-pool.ts';
import { formatIpv4, hardwareAddressOf, parseIpv4, type Subnet } from './ipv4.ts';
import { formatCidr, parseCidr } from './network-config.ts';

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
  readonly bridge: string;
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
    return formatCidr(chosen);
  });
  const id = settings.getOrSet('network.id', () => randomBytes(32).toString('hex'));
  const subnet = parseCidr(cidr);
  const gateway = formatIpv4(subnet.base + 1);
  const pool = createAddressPool({ subnet, range: subnet, reserved: [subnet.base + 1] });
  let ensured: Promise<void> | null = null;

  return {
    identity: { id, name: 'bridge' },
    cidr,
    gateway,
    bridge,
    ensure() {
      ensured ??= runtime
        .ensureNetwork({ bridge, table, address: gateway, prefixLength: subnet.prefixLength })
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
    take() {
      const address = pool.take('');
      const hardwareAddress = hardwareAddressOf(parseIpv4(address) as number);
      return { address, prefixLength: subnet.prefixLength, gateway, hardwareAddress };
    },
  };
}

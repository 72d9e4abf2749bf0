import { randomBytes } from 'node:crypto';
import type { PortPlan } from '../plan/plan.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { SettingStore } from '../ports/stores.ts';
import { chooseSubnet } from './address-pool.ts';
import { formatAddress, formatCidr, parseCidr, type Subnet } from './ip-address.ts';

/** What the engine's network is made from. */
export interface EngineNetworkDeps {
  readonly runtime: Runtime;
  readonly settings: SettingStore;
  readonly bridge: string;
  readonly table: string;
  /** What is published now of containers that run, or are about to. */
  readonly publishedPorts: () => readonly PortPlan[];
  readonly nowNs: () => bigint;
  /** Called when the table was made, maybe anew: what else is in it must be put there. */
  readonly onMade: () => void;
  /** The networks that the host has; asked once in an engine's life. */
  readonly hostSubnets: () => Subnet[];
  /** Where among the default networks to look first, so that engines side by side differ. */
  readonly startIndex: number;
}

/** The default network of an engine: one bridge, one subnet, chosen once and kept. */
export interface EngineNetwork {
  readonly identity: { readonly id: string; readonly name: string };
  /** `172.17.0.0/16`. */
  readonly cidr: string;
  /** The host's address on it. */
  readonly gateway: string;
  readonly bridge: string;
  /** Makes the bridge and the table, with what is published, when this process has not yet; tries again after a failure. */
  ensure(): Promise<void>;
  /** Makes the next `ensure` look again, after something was found missing. */
  doubt(): void;
  /** Makes what somebody else has changed or removed anew. True when there was something. */
  repair(): Promise<boolean>;
  /**
   * When all was last published anew, by the clock: what a keeper took back before may be there again, from a list that was older. Waits
   * for what is under way, or begun meanwhile.
   */
  renewedNs(): Promise<bigint>;
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
  const gateway = formatAddress({ family: 4, value: subnet.base + 1n });
  let ensured: Promise<void> | null = null;
  let making: Promise<void> = Promise.resolve();
  let renewedNs = 0n;
  /** What was found right after it was made; null when that is not known. */
  let made: Promise<string | null> = Promise.resolve(null);
  /** A table was missing from the first look on, and so it was after another making: the host has none of that family. */
  let isPartial = false;

  /** The list is made when the request is sent; a start that is not on it waits for the answer before its keeper publishes. */
  async function make(): Promise<void> {
    const publishedPorts = deps.publishedPorts();
    await runtime
      .ensureNetwork({ bridge, table, address: gateway, prefixLength: subnet.prefixLength, publishedPorts })
      .finally(() => (renewedNs = deps.nowNs()));
    made = runtime.inspectNetwork(table).then(
      ({ state }) => state,
      () => null,
    );
  }

  function ensure(): Promise<void> {
    if (ensured === null) {
      const attempt = making.catch(() => {}).then(make);
      attempt.then(deps.onMade, () => (ensured = ensured === attempt ? null : ensured));
      making = attempt;
      ensured = attempt;
    }
    return ensured;
  }

  return {
    identity: { id, name: 'bridge' },
    cidr,
    gateway,
    bridge,
    ensure,
    doubt() {
      ensured = null;
    },
    async repair() {
      const { state, isWhole } = await runtime.inspectNetwork(table);
      const isAsMade = ensured !== null && (await made) === state;
      if (isAsMade && (isWhole || isPartial)) return false;
      isPartial = isAsMade;
      ensured = null;
      await ensure();
      return (await made) !== state;
    },
    async renewedNs() {
      for (let awaited: Promise<void> | null = null; awaited !== making;) {
        awaited = making;
        await awaited.catch(() => {});
      }
      return renewedNs;
    },
  };
}

import { randomBytes } from 'node:crypto';
import { BerthError, isBerthError } from '@berth/errors';
import { createKeyedLock } from '@berth/service-kit';
import { shortId, type Container } from '../container.ts';
import { networkEvent, prunedNetworksEvent } from '../events.ts';
import type { Fault } from '../fault.ts';
import type { Log } from '../ports/log.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { NetworkStore, SettingStore } from '../ports/stores.ts';
import { retryUntilDone } from '../retry-until-done.ts';
import { chooseIpv6Subnet, chooseSubnet, randomIpv6Prefix } from './address-pool.ts';
import type { EngineNetwork } from './engine-network.ts';
import { formatCidr, overlap, parseCidr, type Subnet } from './ip-address.ts';
import { createEndpoints, type Endpoints } from './endpoints.ts';
import { childOptions, type ChildOptions, isRouted, missingParentText, parentConflict } from './child-options.ts';
import { lookUpMembers } from './members.ts';
import { checkNetworkRequest, completeSubnet } from './network-config.ts';
import {
  bridgeOptions,
  isPredefined,
  subnetOfFamily,
  type Network,
  type NetworkMember,
  type NetworkRequest,
  type NetworkSubnet,
} from './network.ts';
import { parsePruneFilters, type Filter } from '../spec/prune-filters.ts';
import { parseNetworkFilters } from './network-filters.ts';

/** What networks are made from. */
export interface NetworksDeps {
  readonly networkStore: NetworkStore;
  readonly settings: SettingStore;
  readonly runtime: Runtime;
  readonly network: EngineNetwork;
  /** The rows of all containers. */
  readonly containers: () => readonly Container[];
  /** Called with a network that has come. */
  readonly onCreated: (network: Network) => void;
  /** Called with a network that goes. */
  readonly onRemoved: (network: Network) => void;
  /** The engine's nftables table. */
  readonly table: string;
  readonly hostSubnets: () => Subnet[];
  readonly startIndex: number;
  readonly nowNs: () => bigint;
  readonly fault: Fault;
  readonly log: Log;
  /** Aborted when the service ends. */
  readonly signal: AbortSignal;
}

/** The networks of an engine. References are ids, names, or unique prefixes of ids. */
export interface Networks extends Endpoints {
  /** By name. Throws INVALID_ARGUMENT for a filter. */
  list(filters: readonly Filter[]): Network[];
  /** Tells the containers that run on networks, or are about to, as they are now: of whichever are asked for, with one look at the rows. */
  members(): (network: Network) => NetworkMember[];
  /** Throws NETWORK_NOT_FOUND, NETWORK_AMBIGUOUS. */
  find(reference: string): Network;
  /** The network of a name; null when there is none. */
  named(name: string): Network | null;
  /**
   * Makes a network, and its bridge. Throws INVALID_ARGUMENT, NETWORK_EXISTS, NETWORK_PREDEFINED, NETWORK_DRIVER_NOT_FOUND, SUBNET_IN_USE,
   * ADDRESS_POOL_EMPTY, START_FAILED; nothing is left behind then.
   */
  create(request: NetworkRequest): Promise<Network>;
  /** Throws NETWORK_PREDEFINED, and NETWORK_IN_USE while a running container is on it. */
  remove(reference: string): Promise<void>;
  /** Removes all that no running container is on, and what `sweep` does; returns their names. Throws INVALID_ARGUMENT. */
  prune(filters: readonly Filter[]): Promise<string[]>;
  /** Makes a network's bridge when this process has not yet; tries again after a failure. */
  ensure(network: Network): Promise<void>;
  /** Makes the next `ensure` of each look again, after something was found missing. */
  doubt(): void;
  /** Makes the bridges again that containers are on, or that this process has made, and parents where it can: after the table was made anew. */
  renew(): Promise<void>;
  /** Removes the bridges that creations and removals have left when the service ended. */
  sweep(): Promise<void>;
}

/** The rows are the truth; a bridge is made from one, and again after a restart of the host. Its name is noted before it is made. */
export function createNetworks(deps: NetworksDeps): Networks {
  const { networkStore: store, runtime, network: engineNetwork, containers, fault, log } = deps;
  const predefined = predefinedNetworks(deps);
  const endpoints = createEndpoints(engineNetwork, all);
  const members = () => lookUpMembers(containers);
  const own = new Map(store.list().map((network) => [network.id, network]));
  const creating = new Map<string, Network>();
  const ensured = new Map<string, Promise<void>>();
  /** One at a time of each network: a bridge that another request is about to mark would be taken for somebody else's. */
  const makings = createKeyedLock();
  /** Bridges that are on their way out. */
  const removing = new Map<string, Promise<void>>();

  function all(): Network[] {
    return [...predefined, ...own.values()];
  }

  function find(reference: string): Network {
    const networks = all();
    const exact = networks.find(({ id }) => id === reference) ?? networks.find(({ name }) => name === reference);
    if (exact !== undefined) return exact;
    const matches = reference === '' ? [] : networks.filter(({ id }) => id.startsWith(reference));
    const [match] = matches;
    if (match !== undefined && matches.length === 1) return match;
    if (match === undefined) throw new BerthError('NETWORK_NOT_FOUND', `network ${reference} not found`);
    const text = `network ${reference} is ambiguous (${matches.length} matches found based on ID prefix)`;
    throw new BerthError('NETWORK_AMBIGUOUS', text);
  }

  /** What nobody else gets while it is being made. */
  function reserve(request: NetworkRequest): Network {
    const driver = checkNetworkRequest(request);
    const known = [...all(), ...creating.values()];
    const { name, internal, attachable, options, labels, ipv4, ipv6 } = request;
    if (known.some((other) => other.name === name)) {
      throw new BerthError('NETWORK_EXISTS', `network with name ${name} already exists`);
    }
    const taken = known.flatMap(({ subnets }) => subnets.map(({ subnet }) => parseCidr(subnet)));
    const id = randomBytes(32).toString('hex');
    if (request.subnets.some(({ subnet }) => taken.some((other) => overlap(other, parseCidr(subnet))))) {
      const text = 'invalid pool request: Pool overlaps with other one on this address space';
      throw new BerthError('SUBNET_IN_USE', text);
    }
    const subnets = [
      ...(ipv4 ? [subnetOfFamily(request, 4) ?? freeSubnet(taken)] : []),
      ...(ipv6 ? [subnetOfFamily(request, 6) ?? freeIpv6Subnet(taken)] : []),
    ].map((subnet) => completeSubnet(subnet, !isRouted({ driver, options })));
    const properties = { ipv4, ipv6, internal, attachable, options, labels, createTimeNs: deps.nowNs() };
    const network: Network = { id, name, driver, subnets, ...properties };
    const bridge = madeOf(network);
    const holder = known.find((other) => driver === 'bridge' && other.driver === driver && madeOf(other) === bridge);
    if (holder !== undefined) {
      throw new BerthError('NETWORK_EXISTS', `bridge ${bridge ?? ''} is that of network ${holder.name}`);
    }
    const conflict = parentConflict(network, known);
    if (conflict !== null) throw new BerthError('NETWORK_EXISTS', conflict);
    creating.set(id, network);
    return network;
  }

  function freeSubnet(taken: readonly Subnet[]): NetworkSubnet {
    return wholeSubnet(chooseSubnet([...taken, ...deps.hostSubnets()], deps.startIndex));
  }

  function freeIpv6Subnet(taken: readonly Subnet[]): NetworkSubnet {
    const prefix = parseCidr(deps.settings.getOrSet('network.ipv6-prefix', randomIpv6Prefix));
    return wholeSubnet(chooseIpv6Subnet(prefix, taken));
  }

  async function makeParent(network: Network, child: ChildOptions): Promise<void> {
    const { parent: name, parentKind: kind, link, vlanId } = child;
    await runtime.ensureParent({ name, kind, link, vlanId, table: deps.table, childKind: network.driver });
  }

  async function makeBridge(network: Network): Promise<void> {
    const { name, masquerades, mtu } = bridgeOptions(network);
    const [subnet, subnet6] = [subnetOfFamily(network, 4), subnetOfFamily(network, 6)];
    await engineNetwork.ensure();
    await runtime.ensureBridge({
      bridge: name,
      table: deps.table,
      address: subnet?.gateway ?? '',
      prefixLength: subnet === undefined ? 0 : parseCidr(subnet.subnet).prefixLength,
      address6: subnet6?.gateway ?? '',
      prefixLength6: subnet6 === undefined ? 0 : parseCidr(subnet6.subnet).prefixLength,
      forward6: subnet6 !== undefined && !network.internal,
      masquerade: masquerades && !network.internal,
      internal: network.internal,
      mtu,
    });
  }

  function ensure(network: Network): Promise<void> {
    const child = childOptions(network);
    if (network.driver !== 'bridge' && child === null) return Promise.resolve();
    if (isPredefined(network)) return engineNetwork.ensure();
    const known = ensured.get(network.id);
    if (known !== undefined) return known;
    const making = makings.run(madeOf(network) ?? network.id, () =>
      child === null ? makeBridge(network) : makeParent(network, child),
    );
    ensured.set(network.id, making);
    making.catch(() => {
      if (ensured.get(network.id) === making) ensured.delete(network.id);
    });
    return making;
  }

  /** A parent that is gone, an interface of the host, is the trouble of who comes on its network, and of no other. */
  function tryParent(network: Network): Promise<void> {
    return ensure(network).catch((error: unknown) => log.warn({ err: error }, 'parent of a network not made anew'));
  }

  function removeBridge(bridge: string): Promise<void> {
    const removal = runtime
      .removeBridge({ bridge, table: deps.table })
      .then(() => store.forgetBridge(bridge))
      .finally(() => removing.delete(bridge));
    removing.set(bridge, removal);
    return removal;
  }

  function expectUnused(network: Network): void {
    const active = members()(network);
    if (active.length === 0) return;
    const text = active.map(({ name, endpointId }) => `name:"${name}" id:"${shortId(endpointId)}"`).join(', ');
    const message = `error while removing network: network ${network.name} has active endpoints (${text})`;
    throw new BerthError('NETWORK_IN_USE', message);
  }

  /** From when the row is gone nobody comes on it; a bridge that cannot be removed now is tried again, and by the next start. */
  async function removeUnused(network: Network): Promise<void> {
    const bridge = madeOf(network);
    store.remove(network.id, bridge, [networkEvent(network, 'destroy')]);
    own.delete(network.id);
    endpoints.forget(network);
    deps.onRemoved(network);
    fault('network-rm:row');
    await makings.run(bridge ?? network.id, () => Promise.resolve());
    ensured.delete(network.id);
    if (bridge === null || isWanted(bridge)) return;
    const onError = (error: unknown): void => log.warn({ err: error }, 'bridge of a removed network not removed');
    await removeBridge(bridge).catch((error: unknown) => {
      onError(error);
      retryUntilDone(() => (isWanted(bridge) ? undefined : removeBridge(bridge)), {
        signal: deps.signal,
        onError,
      }).catch(() => {});
    });
  }

  /** By a network other than `except`: parents can have several. */
  function isWanted(made: string, except?: Network): boolean {
    return [...creating.values(), ...own.values()].some((network) => network !== except && madeOf(network) === made);
  }

  async function sweep(): Promise<void> {
    for (const bridge of store.listBridges()) {
      if (isWanted(bridge)) continue;
      log.info({ bridge }, 'bridge of no network removed');
      await removeBridge(bridge);
    }
  }

  return {
    ...endpoints,
    list(filters) {
      const membersOf = members();
      const matches = parseNetworkFilters(filters, (network) => membersOf(network).length === 0);
      return all()
        .filter(matches)
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    members,
    find,
    named: (name) => all().find((network) => network.name === name) ?? null,
    ensure,
    doubt() {
      engineNetwork.doubt();
      ensured.clear();
    },
    async renew() {
      const membersOf = members();
      const used = [...own.values()].filter((network) => ensured.has(network.id) || membersOf(network).length > 0);
      for (const { id } of used) ensured.delete(id);
      await Promise.all(used.map((network) => (childOptions(network) === null ? ensure(network) : tryParent(network))));
    },
    async create(request) {
      const network = reserve(request);
      const bridge = madeOf(network);
      try {
        if (bridge !== null) {
          await removing.get(bridge)?.catch(() => {});
          store.noteBridge(bridge);
        }
        fault('network-create:noted');
        await ensure(network);
        fault('network-create:bridge');
        store.insert(network, bridge, [networkEvent(network, 'create')]);
        own.set(network.id, network);
        deps.onCreated(network);
        return network;
      } catch (error) {
        ensured.delete(network.id);
        // What cannot be removed now stays noted, and is swept.
        if (bridge !== null && !isWanted(bridge, network)) await removeBridge(bridge).catch(() => {});
        const child = childOptions(network);
        if (child === null || !isBerthError(error, 'NETWORK_MISSING')) throw error;
        throw new BerthError('INVALID_ARGUMENT', missingParentText(child), { cause: error });
      } finally {
        creating.delete(network.id);
      }
    },
    async remove(reference) {
      const network = find(reference);
      if (isPredefined(network)) {
        const text = `${network.name} is a pre-defined network and cannot be removed`;
        throw new BerthError('NETWORK_PREDEFINED', text);
      }
      expectUnused(network);
      await removeUnused(network);
    },
    async prune(filters) {
      const matches = parsePruneFilters(filters, deps.nowNs());
      const membersOf = members();
      const unused = [...own.values()].filter((network) => membersOf(network).length === 0).filter(matches);
      const removed: string[] = [];
      for (const network of unused) {
        // It may have been removed, or somebody may have come on it, since.
        if (!own.has(network.id) || members()(network).length > 0) continue;
        await removeUnused(network);
        removed.push(network.name);
      }
      await sweep();
      store.tell([prunedNetworksEvent()]);
      return removed;
    },
    sweep,
  };
}

function wholeSubnet(subnet: Subnet): NetworkSubnet {
  return { subnet: formatCidr(subnet), ipRange: '', gateway: '', auxiliaryAddresses: {} };
}

/** The interface of the host that is made for a network, its bridge or a parent; null for none. */
function madeOf(network: Network): string | null {
  if (network.driver === 'bridge') return bridgeOptions(network).name;
  const child = childOptions(network);
  return child === null || child.parentKind === '' ? null : child.parent;
}

function predefinedNetworks({ settings, network, nowNs }: NetworksDeps): Network[] {
  const createTimeNs = BigInt(settings.getOrSet('network.created', () => String(nowNs())));
  const common = { ipv4: true, ipv6: false, internal: false, attachable: false, options: {}, labels: {}, createTimeNs };
  const id = (name: string): string => settings.getOrSet(`network.${name}.id`, () => randomBytes(32).toString('hex'));
  const subnet = { subnet: network.cidr, ipRange: '', gateway: network.gateway, auxiliaryAddresses: {} };
  return [
    { ...common, ...network.identity, driver: 'bridge', subnets: [subnet], options: bridgeDefaults(network.bridge) },
    { ...common, id: id('host'), name: 'host', driver: 'host', subnets: [] },
    { ...common, id: id('none'), name: 'none', driver: 'null', subnets: [] },
  ];
}

/** What Docker shows of its default bridge. */
function bridgeDefaults(bridge: string): Record<string, string> {
  return {
    'com.docker.network.bridge.default_bridge': 'true',
    'com.docker.network.bridge.enable_icc': 'true',
    'com.docker.network.bridge.enable_ip_masquerade': 'true',
    'com.docker.network.bridge.host_binding_ipv4': '0.0.0.0',
    'com.docker.network.bridge.name': bridge,
    'com.docker.network.driver.mtu': '1500',
  };
}

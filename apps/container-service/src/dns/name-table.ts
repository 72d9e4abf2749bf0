/** A container as the names of its networks have it, while it runs. */
export interface NamedContainer {
  readonly id: string;
  /** Its networks in the order in which they are asked for a name. */
  readonly places: readonly NamedPlace[];
  /** Name servers of its own (`--dns`), asked for what no network knows; empty: the host's. */
  readonly nameServers: readonly string[];
  /** False when nothing may leave its networks: names that none of them knows are not asked for elsewhere. */
  readonly forwards: boolean;
}

/** A container's place on one network. */
export interface NamedPlace {
  readonly networkId: string;
  readonly networkName: string;
  /** IPv4 and IPv6 addresses. */
  readonly addresses: readonly string[];
  /** Its name first, which reverse lookups give; then its short id and aliases. */
  readonly names: readonly string[];
}

/** Who has which name, as the containers of each network may know it. */
export interface NameTable {
  /** Adds a container, or takes the place of what was said of it before. */
  set(container: NamedContainer): void;
  remove(id: string): void;
  /** All containers that it has. */
  list(): NamedContainer[];
  /** The container with an address; null when there is none. */
  client(address: string): NamedContainer | null;
  /**
   * The addresses of a name in the first of the client's networks that knows it, plain or qualified with the network's name, in any case.
   * Null when none does.
   */
  lookup(client: NamedContainer, name: string): readonly string[] | null;
  /** `name.network` of an address in a network of the client's; null when there is none. */
  reverse(client: NamedContainer, address: string): string | null;
}

interface NetworkNames {
  name: string;
  readonly holders: Map<string, Map<string, NamedPlace>>;
  readonly byAddress: Map<string, NamedPlace>;
}

export function createNameTable(): NameTable {
  const containers = new Map<string, NamedContainer>();
  const clients = new Map<string, NamedContainer>();
  const networks = new Map<string, NetworkNames>();

  function add(container: NamedContainer, place: NamedPlace): void {
    const network = networks.get(place.networkId) ?? { name: '', holders: new Map(), byAddress: new Map() };
    network.name = place.networkName.toLowerCase();
    networks.set(place.networkId, network);
    for (const name of lowerCase(place.names)) {
      const holders = network.holders.get(name) ?? new Map<string, NamedPlace>();
      network.holders.set(name, holders.set(container.id, place));
    }
    for (const address of place.addresses) {
      network.byAddress.set(address, place);
      clients.set(address, container);
    }
  }

  function drop(container: NamedContainer, place: NamedPlace): void {
    const network = networks.get(place.networkId);
    for (const name of lowerCase(place.names)) {
      const holders = network?.holders.get(name);
      holders?.delete(container.id);
      if (holders?.size === 0) network?.holders.delete(name);
    }
    for (const address of place.addresses) {
      if (network?.byAddress.get(address) === place) network.byAddress.delete(address);
      if (clients.get(address) === container) clients.delete(address);
    }
    if (network?.holders.size === 0 && network.byAddress.size === 0) networks.delete(place.networkId);
  }

  function remove(id: string): void {
    const container = containers.get(id);
    if (container === undefined) return;
    containers.delete(id);
    for (const place of container.places) drop(container, place);
  }

  function lookupIn(networkId: string, name: string): string[] | null {
    const network = networks.get(networkId);
    if (network === undefined) return null;
    const suffix = `.${network.name}`;
    const holders =
      network.holders.get(name) ??
      (name.endsWith(suffix) ? network.holders.get(name.slice(0, -suffix.length)) : undefined);
    return holders === undefined ? null : [...holders.values()].flatMap(({ addresses }) => addresses);
  }

  return {
    set(container) {
      remove(container.id);
      containers.set(container.id, container);
      for (const place of container.places) add(container, place);
    },
    remove,
    list: () => [...containers.values()],
    client: (address) => clients.get(address) ?? null,
    lookup(client, name) {
      const wanted = name.toLowerCase();
      for (const { networkId } of client.places) {
        const found = lookupIn(networkId, wanted);
        if (found !== null) return found;
      }
      return null;
    },
    reverse(client, address) {
      for (const { networkId } of client.places) {
        const place = networks.get(networkId)?.byAddress.get(address);
        if (place?.names[0] !== undefined) return `${place.names[0]}.${place.networkName}`;
      }
      return null;
    },
  };
}

function lowerCase(names: readonly string[]): string[] {
  return names.map((name) => name.toLowerCase());
}

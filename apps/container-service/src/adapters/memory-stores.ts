import { BerthError } from '@berth/errors';
import type { Container } from '../container.ts';
import { execKilledEvent } from '../events.ts';
import type { Network } from '../network/network.ts';
import type {
  ContainerEvent,
  ContainerStore,
  Exec,
  ExecStore,
  Leftover,
  NetworkStore,
  SettingStore,
} from '../ports/stores.ts';
import { nameInUseError } from '../spec/container-name.ts';

/** Stores that forget, for tests; `events` are what they were told. */
export interface MemoryStores {
  readonly containers: ContainerStore;
  readonly execs: ExecStore;
  readonly settings: SettingStore;
  readonly networks: NetworkStore;
  readonly events: ContainerEvent[];
}

/** Makes empty stores that share one list of events. */
export function createMemoryStores(): MemoryStores {
  const events: ContainerEvent[] = [];
  const tell: Tell = (added) => void events.push(...added);
  const execs = new Map<string, Exec>();
  return {
    containers: containerStore(tell, execs),
    execs: execStore(tell, execs),
    settings: settingStore(),
    networks: networkStore(tell),
    events,
  };
}

type Tell = (events: readonly ContainerEvent[]) => void;

function containerStore(tell: Tell, execs: Map<string, Exec>): ContainerStore {
  const containers = new Map<string, Container>();
  const leftovers = new Map<string, Leftover>();

  function expectStatusOf(container: Container): void {
    if (containers.get(container.id)?.state.status === container.state.status) return;
    throw new BerthError('ABORTED', `container ${container.id} is no longer ${container.state.status}: try again`);
  }

  function idOfName(name: string): string | null {
    return [...containers.values()].find((container) => container.name === name)?.id ?? null;
  }

  return {
    insert(container, events) {
      const holder = idOfName(container.name);
      if (holder !== null) throw nameInUseError(container.name, holder);
      containers.set(container.id, container);
      tell(events);
    },
    replace(before, after, events) {
      expectStatusOf(before);
      containers.set(after.id, after);
      tell(events);
    },
    redefine(spec, events) {
      const holder = idOfName(spec.name);
      if (holder !== null && holder !== spec.id) throw nameInUseError(spec.name, holder);
      const current = containers.get(spec.id);
      if (current !== undefined) containers.set(spec.id, { ...spec, state: current.state });
      tell(events);
    },
    remove(container, leftover, events) {
      expectStatusOf(container);
      containers.delete(container.id);
      leftovers.set(leftover.containerId, leftover);
      const killed = [...execs.values()].filter(({ containerId }) => containerId === container.id);
      for (const { id } of killed) execs.delete(id);
      tell([...killed.map(({ id }) => execKilledEvent(container, id)), ...events]);
    },
    tell,
    get: (id) => containers.get(id) ?? null,
    idOfName,
    idsWithPrefix: (prefix) => [...containers.keys()].filter((id) => id.startsWith(prefix)).slice(0, 2),
    list: () => [...containers.values()].sort((a, b) => Number(b.createTimeNs - a.createTimeNs)),
    listLeftovers: () => [...leftovers.values()],
    removeLeftover: (containerId) => void leftovers.delete(containerId),
    settled: () => Promise.resolve(),
  };
}

function execStore(tell: Tell, execs: Map<string, Exec>): ExecStore {
  return {
    insert(exec, events) {
      execs.set(exec.id, exec);
      tell(events);
    },
    remove(id, events) {
      if (execs.delete(id)) tell(events);
    },
    list: () => [...execs.values()],
  };
}

function settingStore(): SettingStore {
  const settings = new Map<string, string>();
  return {
    getOrSet(key, make) {
      const value = settings.get(key) ?? make();
      settings.set(key, value);
      return value;
    },
  };
}

function networkStore(tell: Tell): NetworkStore {
  const networks = new Map<string, Network>();
  const bridges = new Set<string>();
  return {
    list: () => [...networks.values()],
    insert(network, bridge, events) {
      if ([...networks.values()].some(({ name }) => name === network.name)) {
        throw new BerthError('NETWORK_EXISTS', `network with name ${network.name} already exists`);
      }
      networks.set(network.id, network);
      if (bridge !== null) bridges.delete(bridge);
      tell(events);
    },
    remove(id, bridge, events) {
      networks.delete(id);
      if (bridge !== null) bridges.add(bridge);
      tell(events);
    },
    tell,
    noteBridge: (bridge) => void bridges.add(bridge),
    listBridges: () => [...bridges],
    forgetBridge: (bridge) => void bridges.delete(bridge),
  };
}

import type { Container, ContainerSpec } from '../container.ts';
import type { Network } from '../network/network.ts';

/** What happened, as Docker names it; stored with the change itself, told later. */
export interface ContainerEvent {
  readonly noun: 'container' | 'network' | 'volume';
  /** create, start, die, destroy, kill, stop, attach, exec_create …; connect, disconnect; mount, unmount. */
  readonly verb: string;
  readonly objectId: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** What a removed container has left and must still be cleaned up. */
export interface Leftover {
  readonly containerId: string;
  /** What `heldAddressesOf` tells of its places: nobody gets them before its interfaces are gone. */
  readonly addresses: readonly string[];
  /** The first of the ids of its user namespace, which nobody gets before its processes are gone; null when it has none. */
  readonly firstUserId: number | null;
  /** What to do with its use of volumes. */
  readonly volumes: 'none' | 'release' | 'delete-anonymous';
}

/**
 * Containers, and what is left of removed ones. Every method is one transaction. What is promised to a user survives a power cut: a new
 * container, an exit code. What a reboot makes moot survives a crash of the service only: a start, the release of an address, all of a container
 * with auto_remove.
 */
export interface ContainerStore {
  /** Adds a container. Throws CONTAINER_NAME_IN_USE. */
  insert(container: Container, events: readonly ContainerEvent[]): void;
  /** Puts `after` in the place of `before`. Throws ABORTED when the status is no longer that of `before`. */
  replace(before: Container, after: Container, events: readonly ContainerEvent[]): void;
  /** Gives a container another name or config; its state is left as it is. Throws CONTAINER_NAME_IN_USE. */
  redefine(spec: ContainerSpec, events: readonly ContainerEvent[]): void;
  /**
   * Removes a container and notes what it has left. Execs that are still known have been killed with it: they are forgotten, and their ends
   * (`exec_die`, 137) are recorded before the events. Throws ABORTED when the status is no longer that of `container`.
   */
  remove(container: Container, leftover: Leftover, events: readonly ContainerEvent[]): void;
  /** Records events that change no container. */
  tell(events: readonly ContainerEvent[]): void;
  /** Null when there is none of that id. */
  get(id: string): Container | null;
  /** The id of the container of that name, or null. */
  idOfName(name: string): string | null;
  /** Ids that start with a prefix, at most two. */
  idsWithPrefix(prefix: string): string[];
  /** All containers, newest first. */
  list(): Container[];
  listLeftovers(): Leftover[];
  /** Forgets a leftover that is cleaned up. Idempotent. */
  removeLeftover(containerId: string): void;
  /**
   * Resolves when all that was changed before is on the disk. Answers and events wait for that anyway; wait for it before something goes
   * that a removed row stood for.
   */
  settled(): Promise<void>;
}

/** A further process in a container. */
export interface Exec {
  /** 16 hexadecimal digits; the name of its run-time directory. */
  readonly id: string;
  readonly containerId: string;
}

/** The processes that run beside the first ones of containers. Every method is one transaction. */
export interface ExecStore {
  insert(exec: Exec, events: readonly ContainerEvent[]): void;
  /** Forgets an exec that has ended and records its events, or does nothing when it was forgotten before. */
  remove(id: string, events: readonly ContainerEvent[]): void;
  list(): Exec[];
}

/** The networks that users made. Every method is one transaction. What is promised to a user survives a power cut. */
export interface NetworkStore {
  /** All networks, oldest first. */
  list(): Network[];
  /** Adds a network and forgets the note of its bridge, which it stands for now. Throws NETWORK_EXISTS for a name that is taken. */
  insert(network: Network, bridge: string | null, events: readonly ContainerEvent[]): void;
  /** Removes a network and notes its bridge, which is still there, unless it has none. */
  remove(id: string, bridge: string | null, events: readonly ContainerEvent[]): void;
  /** Records events that change no network. */
  tell(events: readonly ContainerEvent[]): void;
  /** Notes a bridge that is about to be made, or still to be removed. Idempotent. */
  noteBridge(bridge: string): void;
  listBridges(): string[];
  /** Forgets a note. Idempotent. */
  forgetBridge(bridge: string): void;
}

/** What an engine decided once and keeps. */
export interface SettingStore {
  /** The value of a key; `make` is called for a key without one, and its value is kept. */
  getOrSet(key: string, make: () => string): string;
}

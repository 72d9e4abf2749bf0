import type { ProcessConnection, ProcessExit } from './ports/process.ts';

/** A container that is being started, runs, or whose run is being cleaned up. */
export interface ActiveContainer {
  readonly id: string;
  /** Resolves when it runs; rejects when the start fails. */
  readonly started: Promise<void>;
  /** Resolves once its exit is recorded; rejects when the start fails, and when the service stops. */
  readonly ended: Promise<ProcessExit>;
  /** Resolves once nothing of its run is left on the host: from then on it can be started again. */
  readonly released: Promise<void>;
  /** The connection in use now. Waits for one. */
  connection(): Promise<ProcessConnection>;
  /** True once someone asked it to stop: its end is then also told as `stop`. */
  stopRequested: boolean;
  /** True once someone asked for a restart: then also one with auto_remove outlives its end. */
  restartRequested: boolean;
  /** Not null once someone asked for its removal: then its end is its removal. */
  removal: { readonly deleteAnonymous: boolean } | null;
}

/** The side of an active container that its starter and its supervisor hold. */
export interface ActiveContainerControl extends ActiveContainer {
  useConnection(connection: ProcessConnection): void;
  markStarted(): void;
  markEnded(exit: ProcessExit): void;
  markReleased(): void;
  /** The start failed, or nobody follows it any more. */
  fail(error: unknown): void;
}

/** The containers that are active, by id. */
export interface ActiveContainers {
  get(id: string): ActiveContainer | null;
  /** Registers a container that is about to start, or is found running. It leaves when it is released. */
  add(id: string): ActiveContainerControl;
  isEmpty(): boolean;
  /** Resolves with the container of this id when it is next added. */
  next(id: string): Promise<ActiveContainer>;
}

/** An empty registry. */
export function createActiveContainers(): ActiveContainers {
  const containers = new Map<string, ActiveContainerControl>();
  const waiting = new Map<string, PromiseWithResolvers<ActiveContainer>>();

  return {
    get: (id) => containers.get(id) ?? null,
    isEmpty: () => containers.size === 0,
    add(id) {
      const container = createActiveContainer(id, () => containers.delete(id));
      containers.set(id, container);
      waiting.get(id)?.resolve(container);
      waiting.delete(id);
      return container;
    },
    next(id) {
      const next = waiting.get(id) ?? Promise.withResolvers<ActiveContainer>();
      waiting.set(id, next);
      return next.promise;
    },
  };
}

function createActiveContainer(id: string, onReleased: () => void): ActiveContainerControl {
  const started = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<ProcessExit>();
  const released = Promise.withResolvers<void>();
  const connected = Promise.withResolvers<void>();
  // Most of the time nobody waits for these, and a rejection is then no error.
  for (const { promise } of [started, ended, connected]) promise.catch(() => {});
  let current: ProcessConnection | null = null;

  return {
    id,
    started: started.promise,
    ended: ended.promise,
    released: released.promise,
    stopRequested: false,
    restartRequested: false,
    removal: null,
    async connection() {
      await connected.promise;
      return current as ProcessConnection;
    },
    useConnection(connection) {
      current = connection;
      connected.resolve();
    },
    markStarted: started.resolve,
    markEnded: ended.resolve,
    markReleased() {
      onReleased();
      released.resolve();
    },
    fail(error) {
      for (const { reject } of [started, ended, connected]) reject(error);
    },
  };
}

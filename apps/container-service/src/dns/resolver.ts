import { BerthError } from '@berth/errors';
import type { NamedContainer } from './name-table.ts';
import type { ResolverReply, ResolverRequest, ResolverTask } from './resolver-messages.ts';

/** A thread that answers DNS queries; see resolver-worker.ts. */
export interface ResolverThread {
  send(request: ResolverRequest): void;
  end(): Promise<void>;
}

/** Who hears of a thread. */
export interface ResolverListener {
  reply(reply: ResolverReply): void;
  /** Called once, also after `end`; null when nothing went wrong. */
  ended(error: Error | null): void;
}

/** What the resolver needs. */
export interface ResolverDeps {
  readonly startThread: (listener: ResolverListener) => ResolverThread;
  readonly log: { warn(fields: object, message: string): void };
}

/** The names of user-defined networks: one server on each network's gateway, port 53. */
export interface Resolver {
  /**
   * Answers on an address from when the promise resolves. Idempotent. Throws NAME_SERVER_FAILED when the address cannot be had, because
   * another program listens there, or because no interface has it.
   */
  listen(address: string): Promise<void>;
  /** Answers there no longer. */
  ignore(address: string): void;
  /** Tells of a container that runs, in place of what was told before. Its names are answered from when the promise resolves. */
  set(container: NamedContainer): Promise<void>;
  /** Forgets a container. */
  remove(id: string): void;
  close(): Promise<void>;
}

/** Starts its thread when the first address is listened on, so that an engine without user-defined networks pays nothing. */
export function createResolver({ startThread, log }: ResolverDeps): Resolver {
  const containers = new Map<string, NamedContainer>();
  const listening = new Map<string, Promise<void>>();
  const waiting = new Map<number, (error: string | null) => void>();
  let thread: ResolverThread | null = null;
  let lastNumber = 0;
  let closed = false;

  /** The error of a task; null when it is done, or when there is no thread that could need to know. */
  function ask(task: ResolverTask): Promise<string | null> {
    const current = thread;
    if (current === null) return Promise.resolve(null);
    const number = ++lastNumber;
    return new Promise((resolve) => {
      waiting.set(number, resolve);
      current.send({ number, task });
    });
  }

  function start(): void {
    thread = startThread({
      reply({ number, error }) {
        waiting.get(number)?.(error);
        waiting.delete(number);
      },
      ended(error) {
        thread = null;
        for (const resolve of waiting.values()) resolve('its thread ended');
        waiting.clear();
        if (closed) return;
        log.warn({ err: error }, 'resolver ended, starting it again');
        if (listening.size > 0) start();
      },
    });
    for (const container of containers.values()) void ask({ kind: 'set', container });
    for (const address of listening.keys()) {
      askToListen(address).catch((failure: unknown) => {
        log.warn({ err: failure }, 'names of a network are not answered');
      });
    }
  }

  async function askToListen(address: string): Promise<void> {
    const error = await ask({ kind: 'listen', address });
    if (error === null) return;
    listening.delete(address);
    throw new BerthError('NAME_SERVER_FAILED', `cannot answer DNS queries on ${address}:53: ${error}`);
  }

  return {
    listen(address) {
      const known = listening.get(address);
      if (known !== undefined) return known;
      if (thread === null) start();
      const listens = askToListen(address);
      listening.set(address, listens);
      return listens;
    },
    ignore(address) {
      if (listening.delete(address)) void ask({ kind: 'ignore', address });
    },
    async set(container) {
      containers.set(container.id, container);
      await ask({ kind: 'set', container });
    },
    remove(id) {
      if (containers.delete(id)) void ask({ kind: 'remove', id });
    },
    async close() {
      closed = true;
      await thread?.end();
    },
  };
}

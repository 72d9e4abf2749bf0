import { BerthError } from '@berth/errors';
import type { NamedContainer } from './name-table.ts';
import type { ResolverConnection } from './resolver-channel.ts';
import type { ResolverTask } from './resolver-messages.ts';

/** What the resolver needs. */
export interface ResolverDeps {
  /** Connects to the process that answers, and starts it when there is none, or one of another version. */
  readonly connect: () => Promise<ResolverConnection>;
  /** Tells whether an earlier service has left one. */
  readonly isThere: () => boolean;
  readonly log: { warn(fields: object, message: string): void };
}

/** The names of user-defined networks: one server on each network's gateway, port 53. */
export interface Resolver {
  /**
   * Takes over from an earlier service: what that one told is answered from, but for containers and addresses that are not named here. Has the
   * process started when there are addresses.
   */
  adopt(known: { readonly containerIds: readonly string[]; readonly addresses: readonly string[] }): void;
  /** Has the process started, so that the first container on a network does not wait for it. */
  prepare(): void;
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
  /** Ends the connection. What was told is answered until the containers have ended, or another service comes. */
  close(): Promise<void>;
}

/** A process that did not live for longer is not started again at once. */
const SHORT_LIFE_MS = 1000;

/** An engine that never had a user-defined network has no process. */
export function createResolver({ connect, isThere, log }: ResolverDeps): Resolver {
  const containers = new Map<string, NamedContainer>();
  /** Of whom an earlier service told. */
  const adopted = new Set<string>();
  const listening = new Map<string, Promise<void>>();
  let connection: Promise<ResolverConnection> | null = null;
  let closed = false;

  /** The error of a task; null when it is done, or when there is no process that could need to know. */
  async function ask(task: ResolverTask): Promise<string | null> {
    if (connection === null) return null;
    try {
      return (await (await connection).ask(task)).error;
    } catch (failure) {
      return failure instanceof Error ? failure.message : String(failure);
    }
  }

  function start(): void {
    const startedMs = performance.now();
    const opening = connect();
    connection = opening;
    const ended = (failure: unknown): void => {
      connection = null;
      if (closed) return;
      log.warn({ err: failure }, 'resolver ended, starting it again');
      const isShort = performance.now() - startedMs < SHORT_LIFE_MS;
      setTimeout(prepareAgain, isShort ? SHORT_LIFE_MS : 0).unref();
    };
    opening.then((opened) => opened.ended).then(ended, ended);
  }

  function prepareAgain(): void {
    if (!closed && listening.size > 0) prepare();
  }

  function prepare(): void {
    if (connection !== null) return;
    start();
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
    adopt({ containerIds, addresses }) {
      if (addresses.length === 0 && !isThere()) return;
      for (const id of containerIds) adopted.add(id);
      prepare();
      void ask({ kind: 'retain', containerIds, addresses });
    },
    prepare,
    listen(address) {
      const known = listening.get(address);
      if (known !== undefined) return known;
      prepare();
      const listens = askToListen(address);
      listening.set(address, listens);
      return listens;
    },
    ignore(address) {
      listening.delete(address);
      void ask({ kind: 'ignore', address });
    },
    async set(container) {
      containers.set(container.id, container);
      await ask({ kind: 'set', container });
    },
    remove(id) {
      const isAdopted = adopted.delete(id);
      if (containers.delete(id) || isAdopted) void ask({ kind: 'remove', id });
    },
    async close() {
      closed = true;
      const opened = await connection?.catch(() => null);
      opened?.close();
      await opened?.ended;
    },
  };
}

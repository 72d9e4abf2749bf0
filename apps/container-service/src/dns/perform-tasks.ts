import { createHostNameServers } from './host-name-servers.ts';
import { createForwardLimit, listenForNames, type ListeningNameServer } from './name-server.ts';
import { createNameTable } from './name-table.ts';
import type { ResolverState, ResolverTask } from './resolver-messages.ts';

const DNS_PORT = 53;
const UPSTREAM_TIMEOUT_MS = 2000;

/** What answers in the resolver's process. */
export interface TaskPerformer {
  /** Does all but what concerns the process itself. Throws the system's error when an address cannot be had. */
  perform(task: Exclude<ResolverTask, { kind: 'state' | 'take-place' | 'end' }>): Promise<void>;
  state(): ResolverState;
}

export function createTaskPerformer(): TaskPerformer {
  const table = createNameTable();
  const hostServers = createHostNameServers('/etc/resolv.conf', () => performance.now());
  const limit = createForwardLimit();
  const servers = new Map<string, Promise<ListeningNameServer>>();

  async function listen(address: string): Promise<void> {
    const listening =
      servers.get(address) ??
      listenForNames(address, {
        table,
        limit,
        port: DNS_PORT,
        timeoutMs: UPSTREAM_TIMEOUT_MS,
        upstreams: ({ nameServers }) =>
          nameServers.length === 0 ? hostServers() : nameServers.map((server) => ({ address: server, port: DNS_PORT })),
      });
    servers.set(address, listening);
    try {
      await listening;
    } catch (error) {
      servers.delete(address);
      throw error;
    }
  }

  async function ignore(address: string): Promise<void> {
    const listening = servers.get(address);
    servers.delete(address);
    await (await listening)?.close();
  }

  async function retain(containerIds: ReadonlySet<string>, addresses: ReadonlySet<string>): Promise<void> {
    for (const { id } of table.list()) if (!containerIds.has(id)) table.remove(id);
    await Promise.all([...servers.keys()].filter((address) => !addresses.has(address)).map(ignore));
  }

  return {
    async perform(task) {
      if (task.kind === 'set') table.set(task.container);
      else if (task.kind === 'remove') table.remove(task.id);
      else if (task.kind === 'listen') await listen(task.address);
      else if (task.kind === 'ignore') await ignore(task.address);
      else await retain(new Set(task.containerIds), new Set(task.addresses));
    },
    state: () => ({ containers: table.list(), addresses: [...servers.keys()] }),
  };
}

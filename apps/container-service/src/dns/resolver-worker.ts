// The thread that answers DNS queries, so that a container that asks without pause slows no other's start.
import { parentPort } from 'node:worker_threads';
import { createHostNameServers } from './host-name-servers.ts';
import { createForwardLimit, listenForNames, type ListeningNameServer } from './name-server.ts';
import { createNameTable } from './name-table.ts';
import type { ResolverReply, ResolverRequest, ResolverTask } from './resolver-messages.ts';

const DNS_PORT = 53;
const UPSTREAM_TIMEOUT_MS = 2000;

const table = createNameTable();
const hostServers = createHostNameServers('/etc/resolv.conf', () => performance.now());
const limit = createForwardLimit();
const servers = new Map<string, ListeningNameServer>();

parentPort?.on('message', ({ number, task }: ResolverRequest) => {
  perform(task).then(
    () => {
      reply({ number, error: null });
    },
    (error: unknown) => {
      reply({ number, error: (error as NodeJS.ErrnoException).code ?? String(error) });
    },
  );
});

async function perform(task: ResolverTask): Promise<void> {
  if (task.kind === 'set') table.set(task.container);
  else if (task.kind === 'remove') table.remove(task.id);
  else if (task.kind === 'listen') servers.set(task.address, await listen(task.address));
  else await ignore(task.address);
}

function listen(address: string): Promise<ListeningNameServer> {
  return listenForNames(address, {
    table,
    limit,
    port: DNS_PORT,
    timeoutMs: UPSTREAM_TIMEOUT_MS,
    upstreams: ({ nameServers }) =>
      nameServers.length === 0 ? hostServers() : nameServers.map((server) => ({ address: server, port: DNS_PORT })),
  });
}

async function ignore(address: string): Promise<void> {
  const server = servers.get(address);
  servers.delete(address);
  await server?.close();
}

function reply(message: ResolverReply): void {
  parentPort?.postMessage(message);
}

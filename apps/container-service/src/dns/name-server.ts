import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import { answerQuery, failureResponse, fitDatagram, RCODE } from './answer-query.ts';
import { forwardQuery, type NameServer, type Transport } from './forward-query.ts';
import type { NamedContainer, NameTable } from './name-table.ts';
import { shuffle } from './shuffle.ts';
import { createMessageReader, frameMessage } from './tcp-messages.ts';

/** What answers are made from. */
export interface NameServerDeps {
  readonly table: NameTable;
  /** The servers that a container's names are asked from when no network knows them. */
  readonly upstreams: (client: NamedContainer) => readonly NameServer[];
  readonly port: number;
  /** How long each upstream has. */
  readonly timeoutMs: number;
}

/** A DNS server on one address. */
export interface ListeningNameServer {
  close(): Promise<void>;
}

/** Queries under way elsewhere; more of one client, or of all, are answered with a failure, so that one container cannot take all. */
const MAX_FORWARDS = 1024;
const MAX_CLIENT_FORWARDS = 128;
const MAX_CONNECTIONS = 256;
const IDLE_MS = 10_000;

/** What of forwarding is under way, for all addresses together. */
export interface ForwardLimit {
  /** False when there is no room for another one of the client's. */
  enter(clientId: string): boolean;
  leave(clientId: string): void;
}

export function createForwardLimit(): ForwardLimit {
  const counts = new Map<string, number>();
  let all = 0;
  return {
    enter(clientId) {
      const count = counts.get(clientId) ?? 0;
      if (all >= MAX_FORWARDS || count >= MAX_CLIENT_FORWARDS) return false;
      counts.set(clientId, count + 1);
      all++;
      return true;
    },
    leave(clientId) {
      const count = (counts.get(clientId) ?? 0) - 1;
      if (count > 0) counts.set(clientId, count);
      else counts.delete(clientId);
      all--;
    },
  };
}

/** Answers on an address, over UDP and TCP. Throws the system's error when the address cannot be had. */
export async function listenForNames(
  address: string,
  deps: NameServerDeps & { readonly limit: ForwardLimit },
): Promise<ListeningNameServer> {
  const { table, port, limit } = deps;

  async function respond(query: Buffer, from: string, transport: Transport): Promise<Buffer | null> {
    const verdict = answerQuery(query, { table, from, shuffle });
    if (verdict.kind === 'ignore') return null;
    if (verdict.kind === 'answer') return verdict.response;
    const { client } = verdict;
    if (!limit.enter(client.id)) return failureResponse(query, RCODE.serverFailure);
    try {
      const { timeoutMs } = deps;
      const response = await forwardQuery(query, deps.upstreams(client), { transport, timeoutMs });
      return response ?? failureResponse(query, RCODE.serverFailure);
    } finally {
      limit.leave(client.id);
    }
  }

  const connections = new Set<Socket>();
  // Not for both families at all addresses: for one family at one.
  // An address is shared while one process takes over from another.
  const datagrams = createSocket({
    ...(isIPv6(address) ? { type: 'udp6', ipv6Only: true } : { type: 'udp4' }),
    reusePort: true,
  });
  const streams = createServer((socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    serveConnection(socket, respond);
  });
  streams.maxConnections = MAX_CONNECTIONS;
  try {
    await listen(datagrams, streams, { address, port });
  } catch (error) {
    datagrams.close();
    streams.close();
    throw error;
  }
  datagrams.on('error', () => undefined);
  streams.on('error', () => undefined);
  datagrams.on('message', (query, { address: from, port: fromPort }) => {
    const send = (response: Buffer | null): void => {
      if (response !== null) datagrams.send(fitDatagram(query, response), fromPort, from, () => undefined);
    };
    // Port 0, for one, can ask and not be answered.
    respond(query, from, 'udp')
      .then(send)
      .catch(() => undefined);
  });
  return {
    async close() {
      datagrams.removeAllListeners('message').close();
      for (const connection of connections) connection.destroy();
      await new Promise((done) => streams.close(done));
    },
  };
}

async function listen(
  datagrams: DatagramSocket,
  streams: Server,
  { address, port }: { address: string; port: number },
): Promise<void> {
  streams.listen({ port, host: address, reusePort: true });
  await once(streams, 'listening');
  datagrams.bind(port, address);
  await once(datagrams, 'listening');
}

function serveConnection(
  socket: Socket,
  respond: (query: Buffer, from: string, transport: Transport) => Promise<Buffer | null>,
): void {
  const read = createMessageReader();
  const from = socket.remoteAddress ?? '';
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.on('error', () => undefined);
  // One chunk after another, so that what a client sends ahead waits in the kernel and not here.
  socket.on('data', (chunk: Buffer) => {
    socket.pause();
    answerAll(read(chunk)).then(
      () => socket.resume(),
      () => socket.destroy(),
    );
  });

  async function answerAll(queries: readonly Buffer[]): Promise<void> {
    await Promise.all(
      queries.map(async (query) => {
        const response = await respond(query, from, 'tcp');
        if (response !== null && socket.writable) socket.write(frameMessage(response));
      }),
    );
  }
}

import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { randomInt } from 'node:crypto';
import { answersSameQuestion } from './answer-query.ts';
import { createMessageReader, frameMessage } from './tcp-messages.ts';

/** A name server to ask. */
export interface NameServer {
  readonly address: string;
  /** 53, but in tests. */
  readonly port: number;
}

/** The protocol over which the client asked: the same is used towards the server, so that an answer fits the client's as it fits ours. */
export type Transport = 'udp' | 'tcp';

/** What forwarding needs. */
export interface ForwardOptions {
  readonly transport: Transport;
  /** How long each server has. */
  readonly timeoutMs: number;
}

/** The first answer of the servers, which are asked one after another; null when none of them gives one. */
export async function forwardQuery(
  query: Buffer,
  servers: readonly NameServer[],
  { transport, timeoutMs }: ForwardOptions,
): Promise<Buffer | null> {
  const ask = transport === 'udp' ? askOverUdp : askOverTcp;
  for (const server of servers) {
    // An id and a source port of its own make an answer hard to forge (RFC 5452).
    const own = Buffer.from(query);
    own.writeUInt16BE(randomInt(0x10000), 0);
    const response = await ask(own, server, timeoutMs);
    if (response === null) continue;
    response.writeUInt16BE(query.readUInt16BE(0), 0);
    return response;
  }
  return null;
}

function askOverUdp(query: Buffer, server: NameServer, timeoutMs: number): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(server.address) ? 'udp6' : 'udp4');
    const end = (response: Buffer | null): void => {
      clearTimeout(timer);
      socket.removeAllListeners().on('error', () => undefined);
      socket.close();
      resolve(response);
    };
    const timer = setTimeout(end, timeoutMs, null);
    socket.on('error', () => {
      end(null);
    });
    socket.on('message', (response) => {
      if (isResponseTo(query, response)) end(response);
    });
    // A connected socket hears of a server that is not there at once, and hears nobody else. One that cannot be connected, since no route leads
    // there, emits an error only when connect() has no callback.
    socket.once('connect', () => {
      socket.send(query);
    });
    socket.connect(server.port, server.address);
  });
}

function askOverTcp(query: Buffer, server: NameServer, timeoutMs: number): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: server.address, port: server.port });
    const end = (response: Buffer | null): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(response);
    };
    const timer = setTimeout(end, timeoutMs, null);
    const read = createMessageReader();
    socket.on('error', () => undefined);
    socket.on('close', () => {
      end(null);
    });
    socket.on('data', (chunk: Buffer) => {
      for (const response of read(chunk)) if (isResponseTo(query, response)) end(response);
    });
    socket.end(frameMessage(query));
  });
}

function isResponseTo(query: Buffer, response: Buffer): boolean {
  return (
    response.length >= 2 && response.readUInt16BE(0) === query.readUInt16BE(0) && answersSameQuestion(query, response)
  );
}

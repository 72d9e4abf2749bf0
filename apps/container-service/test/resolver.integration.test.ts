import { execFileSync } from 'node:child_process';
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { decode, encode, type DecodedPacket, type RecordType } from 'dns-packet';
import { createTemporaryDirectory, waitFor } from '@berth/testkit';
import { createResolverConnector } from '../src/adapters/resolver-connector.ts';
import { createForwardLimit, listenForNames, type ListeningNameServer } from '../src/dns/name-server.ts';
import { createNameTable, type NamedContainer } from '../src/dns/name-table.ts';
import { createResolverChannel } from '../src/dns/resolver-channel.ts';
import { createResolver, type Resolver } from '../src/dns/resolver.ts';
import { createMessageReader, frameMessage } from '../src/dns/tcp-messages.ts';
import type { NameServer } from '../src/dns/forward-query.ts';

// Each test has addresses of 127.0.0.0/8 of its own, so that it meets no other one's and nothing of the host's.
const NETWORK = `127.53.${process.pid % 256}`;
const CLIENT = `${NETWORK}.2`;
const PLACE = { networkId: 'n1', networkName: 'front', names: ['web'], addresses: [CLIENT] };
const WEB: NamedContainer = { id: 'c1', places: [PLACE], nameServers: [], forwards: true };

describe('a name server', () => {
  test('answers over UDP and TCP, many at a time', async () => {
    await using server = await aServer(`${NETWORK}.10`, []);
    const replies = await Promise.all(Array.from({ length: 200 }, () => askUdp(server.at, 'web', 'A')));
    expect(replies.every(({ answers }) => addresses(answers)[0] === CLIENT)).toBe(true);
    const [first, second] = await askTcp(
      server.at,
      ['web', 'WEB.front'].map((name) => aQuery(name, 'A')),
    );
    expect([first, second].map((reply) => addresses(reply?.answers))).toEqual([[CLIENT], [CLIENT]]);
  });

  test('forwards what it does not know, and goes on to the next server when one is not there', async () => {
    await using upstream = await anUpstream(`${NETWORK}.20`);
    await using server = await aServer(`${NETWORK}.11`, [{ address: `${NETWORK}.21`, port: upstream.port }, upstream]);
    const reply = await askUdp(server.at, 'example.com', 'A');
    expect(addresses(reply.answers)).toEqual(['192.0.2.1']);
    expect(upstream.asked).toEqual(['example.com']);
  });

  test('goes on to the next server when none may be asked at an address, as where no route leads', async () => {
    await using upstream = await anUpstream(`${NETWORK}.25`);
    const everybody = { address: '255.255.255.255', port: 53 };
    await using server = await aServer(`${NETWORK}.16`, [everybody, upstream]);
    expect(addresses((await askUdp(server.at, 'example.com', 'A')).answers)).toEqual(['192.0.2.1']);
    await using lonely = await aServer(`${NETWORK}.17`, [everybody]);
    expect(rcode(await askUdp(lonely.at, 'example.com', 'A'))).toBe('SERVFAIL');
  });

  test('a client that nobody can answer, since it asks from port 0, harms nobody', async () => {
    await using server = await aServer(`${NETWORK}.18`, []);
    sendFromNoPort(server.at, aQuery('web', 'A'));
    expect(addresses((await askUdp(server.at, 'web', 'A')).answers)).toEqual([CLIENT]);
  });

  test('hears nobody but the server that it asked, and no other answer than one to its question', async () => {
    await using upstream = await anUpstream(`${NETWORK}.22`, { lie: true });
    await using server = await aServer(`${NETWORK}.12`, [upstream], 300);
    const reply = await askUdp(server.at, 'example.com', 'A');
    expect(reply).toMatchObject({ rcode: 'SERVFAIL', answers: [] });
  });

  test('a long answer is told as far as it fits, asks the client to come over TCP, and is whole there', async () => {
    await using upstream = await anUpstream(`${NETWORK}.23`, { answers: 60 });
    await using server = await aServer(`${NETWORK}.13`, [upstream]);
    const part = await askUdp(server.at, 'example.com', 'A');
    expect([part.flag_tc, addresses(part.answers).length]).toEqual([true, 17]);
    const [reply] = await askTcp(server.at, [aQuery('example.com', 'A')]);
    expect(reply?.answers).toHaveLength(60);
  });

  test('a flood of one client fails early, and leaves room for the next', async () => {
    await using silent = await aSilentUpstream(`${NETWORK}.24`);
    await using server = await aServer(`${NETWORK}.14`, [silent], 2000);
    const replies = await Promise.all(Array.from({ length: 160 }, () => askUdp(server.at, 'example.com', 'A')));
    expect(replies.every((reply) => rcode(reply) === 'SERVFAIL')).toBe(true);
    expect(silent.count()).toBe(128);
    expect(addresses((await askUdp(server.at, 'web', 'A')).answers)).toEqual([CLIENT]);
  });

  test('a TCP client that sends rubbish, half a message, or nothing, harms nobody', async () => {
    await using server = await aServer(`${NETWORK}.15`, []);
    const idle = connect({ host: server.at.address, port: server.at.port, localAddress: CLIENT });
    idle.write(Buffer.from([0xff, 0xff, 1, 2, 3]));
    const [reply] = await askTcp(server.at, [Buffer.alloc(12, 0x7f), aQuery('web', 'A')].slice(1));
    expect(addresses(reply?.answers)).toEqual([CLIENT]);
    idle.destroy();
  });
});

describe('the resolver', () => {
  test('answers in a process, from what it was told before and after it listened', async () => {
    await using resolver = aResolver();
    const address = `${NETWORK}.30`;
    await resolver.set(WEB);
    await resolver.listen(address);
    expect(addresses((await askUdp({ address, port: 53 }, 'web', 'A')).answers)).toEqual([CLIENT]);
    await resolver.set({ ...WEB, places: [{ ...PLACE, names: ['fresh'] }] });
    expect(addresses((await askUdp({ address, port: 53 }, 'fresh', 'A')).answers)).toEqual([CLIENT]);
    resolver.remove('c1');
    const isRefused = async () => rcode(await askUdp({ address, port: 53 }, 'fresh', 'A')) === 'REFUSED';
    await waitFor(isRefused, { what: 'the removal, which nobody waits for' });
  });

  test('says when another program has the address, and can be asked again', async () => {
    await using resolver = aResolver();
    const address = `${NETWORK}.31`;
    const other = createServer().listen(53, address);
    await once(other, 'listening');
    await expect(resolver.listen(address)).rejects.toMatchObject({
      reason: 'NAME_SERVER_FAILED',
      message: `cannot answer DNS queries on ${address}:53: EADDRINUSE`,
    });
    other.close();
    await once(other, 'close');
    await resolver.set(WEB);
    await resolver.listen(address);
    expect(addresses((await askUdp({ address, port: 53 }, 'web', 'A')).answers)).toEqual([CLIENT]);
  });

  test('an address that is ignored is free again', async () => {
    await using resolver = aResolver();
    const address = `${NETWORK}.32`;
    await resolver.listen(address);
    resolver.ignore(address);
    await resolver.listen(address);
    resolver.ignore(address);
  });

  test('a process that is killed is started again, and knows what the last one knew', async () => {
    await using resolver = aResolver();
    const address = `${NETWORK}.33`;
    await resolver.set(WEB);
    await resolver.listen(address);
    process.kill(await resolver.pid(), 'SIGKILL');
    const reply = await retry(() => askUdp({ address, port: 53 }, 'web', 'A', 200));
    expect(addresses(reply.answers)).toEqual([CLIENT]);
  });

  test('a process of another version hands over what it knows, and is gone before the next answers alone', async () => {
    using directory = createTemporaryDirectory();
    const address = `${NETWORK}.34`;
    await using first = aResolver({ directory: directory.path, version: 'first' });
    await first.set(WEB);
    await first.listen(address);
    const pids = [await first.pid()];
    await using second = aResolver({ directory: directory.path, version: 'second' });
    second.adopt({ containerIds: ['c1'], addresses: [address] });
    pids.push(await second.pid());
    expect(new Set(pids).size).toBe(2);
    // Its program goes before its sockets do: the whole process has to be gone.
    await waitFor(() => !existsSync(`/proc/${pids[0]}`), { what: 'the end of the first' });
    expect(addresses((await askUdp({ address, port: 53 }, 'web', 'A')).answers)).toEqual([CLIENT]);
    second.adopt({ containerIds: [], addresses: [address] });
    const isRefused = async () => rcode(await askUdp({ address, port: 53 }, 'web', 'A')) === 'REFUSED';
    await waitFor(isRefused, { what: 'that the container is forgotten' });
  });
});

interface TestResolver extends Resolver, AsyncDisposable {
  /** Of its process, once that is connected. */
  pid(): Promise<number>;
}

/** Without a directory it has one of its own. */
function aResolver({ directory, version }: { directory?: string; version?: string } = {}): TestResolver {
  const own = directory === undefined ? createTemporaryDirectory() : null;
  const socketPath = join(directory ?? own?.path ?? '', 'resolver.sock');
  const connector = createResolverConnector({ socketPath, ...(version === undefined ? {} : { version }) });
  const resolver = createResolver({ ...connector, log: { warn: () => undefined } });
  return {
    ...resolver,
    async pid() {
      await resolver.set({ ...WEB, id: 'nobody', places: [] });
      const channel = createResolverChannel(connect(socketPath));
      const { pid } = await channel.greeting;
      channel.close();
      return pid;
    },
    async [Symbol.asyncDispose]() {
      await resolver.close();
      own?.[Symbol.dispose]();
    },
  };
}

async function aServer(
  address: string,
  upstreams: readonly NameServer[],
  timeoutMs = 2000,
): Promise<ListeningNameServer & AsyncDisposable & { at: NameServer }> {
  const table = createNameTable();
  table.set(WEB);
  const port = 10_053;
  const server = await listenForNames(address, {
    table,
    port,
    timeoutMs,
    upstreams: () => upstreams,
    limit: createForwardLimit(),
  });
  return { ...server, at: { address, port }, [Symbol.asyncDispose]: server.close };
}

/** A server on UDP and TCP that answers all with addresses of 192.0.2.0/24. */
async function anUpstream(
  address: string,
  { lie = false, answers = 1 } = {},
): Promise<NameServer & AsyncDisposable & { asked: string[] }> {
  const asked: string[] = [];
  const respond = (message: Buffer): Buffer => {
    const { id = 0, questions = [] } = decode(message);
    const name = questions[0]?.name ?? '';
    asked.push(name);
    const records = Array.from({ length: answers }, (_, index) => ({
      type: 'A' as const,
      name,
      data: `192.0.2.${index + 1}`,
    }));
    return encode({
      type: 'response',
      id,
      questions: lie ? [{ name: 'other.org', type: 'A' }] : questions,
      answers: records,
    });
  };
  const socket = createSocket('udp4');
  await bind(socket, address);
  const { port } = socket.address();
  socket.on('message', (message, from) => {
    socket.send(respond(message), from.port, from.address);
  });
  const streams = createServer((connection) => {
    const read = createMessageReader();
    connection.on('error', () => undefined);
    connection.on('data', (chunk: Buffer) => {
      for (const message of read(chunk)) connection.end(frameMessage(respond(message)));
    });
  }).listen(port, address);
  await once(streams, 'listening');
  return {
    address,
    port,
    asked,
    async [Symbol.asyncDispose]() {
      socket.close();
      streams.close();
      await once(streams, 'close');
    },
  };
}

async function aSilentUpstream(address: string): Promise<NameServer & AsyncDisposable & { count: () => number }> {
  const socket = createSocket('udp4');
  let count = 0;
  socket.on('message', () => count++);
  await bind(socket, address);
  return {
    address,
    port: socket.address().port,
    count: () => count,
    async [Symbol.asyncDispose]() {
      socket.close();
      await once(socket, 'close');
    },
  };
}

async function bind(socket: DatagramSocket, address: string): Promise<void> {
  socket.bind(0, address);
  await once(socket, 'listening');
}

function aQuery(name: string, type: RecordType): Buffer {
  return encode({ type: 'query', id: Math.floor(Math.random() * 0x10000), flags: 0x100, questions: [{ name, type }] });
}

/** Asks as the container does: from its address. */
async function askUdp(server: NameServer, name: string, type: RecordType, timeoutMs = 8000): Promise<DecodedPacket> {
  const socket = createSocket('udp4');
  try {
    await bind(socket, CLIENT);
    const reply = once(socket, 'message', { signal: AbortSignal.timeout(timeoutMs) });
    socket.send(aQuery(name, type), server.port, server.address);
    const [message] = (await reply) as [Buffer];
    return decode(message);
  } finally {
    socket.close();
  }
}

/** Node has no raw sockets. */
function sendFromNoPort({ address, port }: NameServer, query: Buffer): void {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(port, 2);
  header.writeUInt16BE(header.length + query.length, 4);
  const program = `use Socket; socket(S, AF_INET, SOCK_RAW, 17) && bind(S, pack_sockaddr_in(0, inet_aton('${CLIENT}')))
    && send(S, pack('H*', $ARGV[0]), 0, pack_sockaddr_in(0, inet_aton('${address}'))) || die $!`;
  execFileSync('perl', ['-e', program, Buffer.concat([header, query]).toString('hex')]);
}

async function askTcp(server: NameServer, queries: readonly Buffer[]): Promise<DecodedPacket[]> {
  const socket = connect({ host: server.address, port: server.port, localAddress: CLIENT });
  const read = createMessageReader();
  const replies: DecodedPacket[] = [];
  socket.write(Buffer.concat(queries.map(frameMessage)));
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    replies.push(...read(chunk).map((message) => decode(message)));
    if (replies.length === queries.length) break;
  }
  return replies;
}

async function retry<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = 50; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0) throw error;
    }
  }
}

/** The library gives it, its types do not know it. */
function rcode(packet: DecodedPacket): unknown {
  return 'rcode' in packet ? packet.rcode : null;
}

function addresses(answers: DecodedPacket['answers']): unknown[] {
  return (answers ?? []).map((answer) => ('data' in answer ? answer.data : null));
}

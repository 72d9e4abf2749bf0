import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Absentee } from '../contestant.ts';
import type { Peer, PeerEngine } from '../peer-engine.ts';
import { describeFailure, run } from '../programs.ts';
import type { AmountTable, Section } from '../section.ts';
import { median } from '../statistics.ts';

const LOAD = join(import.meta.dirname, '../../native/build/dns_load');
const SLEEP = ['sleep', '86400'];
const NETWORK = `berth-bench-dns-${process.pid}`;
const CONTAINER = `${NETWORK}-container`;
const ROUNDS = 3;
const SECONDS = 2;
/** Questions under way, as of that many threads that wait for names. */
const WINDOW = 16;
const TYPE = { A: 1, PTR: 12 } as const;
/** A name of no container, and where it is asked for: an address of the host's loopback. */
const ELSEWHERE = 'berth-bench.example';
const UPSTREAM = `127.53.53.${1 + (process.pid % 250)}`;

/** A question, and where it is asked. */
interface Question {
  readonly name: string;
  /** A process in whose network it is asked. */
  readonly pid: number;
  readonly server: string;
  readonly type: keyof typeof TYPE;
  readonly asked: string;
}

/** What came of it: of each round, the answers each second and the latencies in microseconds, and all failures. */
interface Outcome {
  rates: number[];
  p50s: number[];
  p99s: number[];
  failures: number;
}

/** How fast the name server of a user-defined network answers for names and addresses of containers, and for names that it asks elsewhere for. */
export const measureDns: Section = async ({ api, peers }) => {
  await using upstream = await openUpstream();
  await api.createNetwork(NETWORK);
  const opened = await Promise.all(peers.map(openPeer));
  let id = '';
  try {
    const started = await api.start(SLEEP, { network: NETWORK, nameServer: upstream.address });
    id = started.id;
    const { gateway, address } = await api.addressOf(id);
    const at = { pid: started.pid, server: gateway };
    const questions: Question[] = [
      { name: 'berth, a name', ...at, type: 'A', asked: id.slice(0, 12) },
      { name: 'berth, an address', ...at, type: 'PTR', asked: reversed(address) },
      { name: 'berth, a name from elsewhere', ...at, type: 'A', asked: ELSEWHERE },
      ...opened.flatMap((peer) => peer.questions),
    ];
    return { tables: [await askAll(questions)], absentees: opened.flatMap((peer) => peer.absentees) };
  } finally {
    await Promise.all(opened.map((peer) => peer.close()));
    if (id !== '') await api.remove(id);
    await api.removeNetwork(NETWORK);
  }
};

async function askAll(questions: readonly Question[]): Promise<AmountTable> {
  const outcomes = new Map<string, Outcome>(
    questions.map(({ name }) => [name, { rates: [], p50s: [], p99s: [], failures: 0 }]),
  );
  for (let round = 0; round < ROUNDS; round++) {
    for (const question of questions) {
      const outcome = outcomes.get(question.name);
      const [rate = 0, p50 = 0, p99 = 0, failures = 0] = await ask(question);
      outcome?.rates.push(rate);
      outcome?.p50s.push(p50);
      outcome?.p99s.push(p99);
      if (outcome) outcome.failures += failures;
    }
  }
  const title = `name server of a user-defined network, ${WINDOW} questions under way, median of ${ROUNDS} times ${SECONDS} s`;
  return { title, amounts: [...outcomes].map(([name, outcome]) => ({ name, amount: describe(outcome) })) };
}

async function ask({ pid, server, type, asked }: Question): Promise<number[]> {
  const load = [LOAD, server, String(SECONDS), String(WINDOW), String(TYPE[type]), asked];
  const stdout = await run(['nsenter', '--net', '--target', String(pid), ...load]);
  return stdout.trim().split(' ').map(Number);
}

function describe({ rates, p50s, p99s, failures }: Outcome): string {
  const ms = (micros: number[]): string => (median(micros) / 1000).toFixed(2);
  const unanswered = failures === 0 ? '' : `, ${failures} without`;
  return `${Math.round(median(rates))} answers/s, p50 ${ms(p50s)} ms, p99 ${ms(p99s)} ms${unanswered}`;
}

function reversed(address: string): string {
  return `${address.split('.').reverse().join('.')}.in-addr.arpa`;
}

interface OpenPeer {
  readonly questions: readonly Question[];
  readonly absentees: readonly Absentee[];
  close(): Promise<void>;
}

/** A peer's names, as a container of its own asks for them. What is asked elsewhere would need a server in its namespaces. */
async function openPeer({ peer }: PeerEngine): Promise<OpenPeer> {
  if (peer === null) return { questions: [], absentees: [], close: () => Promise.resolve() };
  try {
    return { questions: await startPeer(peer), absentees: [], close: () => stopPeer(peer) };
  } catch (error) {
    await stopPeer(peer);
    const absentee = { name: `${peer.name}, names`, reason: describeFailure(error) };
    return { questions: [], absentees: [absentee], close: () => Promise.resolve() };
  }
}

async function startPeer({ name, stopwatch, runCommand }: Peer): Promise<Question[]> {
  await stopwatch.run([name, 'network', 'create', NETWORK]);
  await stopwatch.run(runCommand(['-d', '--name', CONTAINER, '--network', NETWORK], SLEEP));
  const inspect = (field: string) => stopwatch.run([name, 'inspect', '--format', `{{${field}}}`, CONTAINER]);
  const ofNetwork = (field: string) => inspect(`(index .NetworkSettings.Networks "${NETWORK}").${field}`);
  const pid = Number(await inspect('.State.Pid'));
  const server = name === 'docker' ? '127.0.0.11' : await ofNetwork('Gateway');
  const address = await ofNetwork('IPAddress');
  const questions: Question[] = [
    { name: `${name}, a name`, pid, server, type: 'A', asked: CONTAINER },
    { name: `${name}, an address`, pid, server, type: 'PTR', asked: reversed(address) },
  ];
  await Promise.all(questions.map(ask));
  return questions;
}

async function stopPeer({ name, stopwatch, removeCommand }: Peer): Promise<void> {
  await stopwatch.run([...removeCommand, CONTAINER]).catch(() => '');
  await stopwatch.run([name, 'network', 'rm', NETWORK]).catch(() => '');
}

/** A server that has the same address for every name. */
async function openUpstream(): Promise<{ address: string } & AsyncDisposable> {
  const socket = createSocket('udp4');
  // The name at byte 12, type A, class IN, an hour, four bytes.
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 14, 16, 0, 4, 192, 0, 2, 1]);
  socket.on('message', (query, from) => {
    const question = query.subarray(0, query.indexOf(0, 12) + 5);
    const response = Buffer.concat([question, record]);
    response.writeUInt16BE(0x8180, 2);
    response.writeUInt16BE(1, 6);
    response.writeUInt32BE(0, 8);
    socket.send(response, from.port, from.address);
  });
  socket.bind(53, UPSTREAM);
  await once(socket, 'listening');
  const close = async (): Promise<void> => void (await once(socket.close(), 'close'));
  return { address: UPSTREAM, [Symbol.asyncDispose]: close };
}

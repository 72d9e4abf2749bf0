import type { BerthApi, StartedContainer } from '../berth-api.ts';
import { joinFields, present } from '../contestant.ts';
import type { Peer, PeerEngine } from '../peer-engine.ts';
import { describeFailure, run } from '../programs.ts';
import { runRounds, type RoundRobinOptions } from '../round-robin.ts';
import type { AmountTable, Contenders, Findings, Section, TimeTable } from '../section.ts';
import { median } from '../statistics.ts';
import { IPERF_PORT, measureThroughput, type Way } from '../throughput.ts';

const SLEEP = ['sleep', '86400'];
const THROUGHPUT_ROUNDS = 3;
const CONTAINERS = 500;
const SAMPLE = 50;

/** What the network and a published port add to a start, what gets through the port, and whether many on one bridge slow each other down. */
export const measureNetwork: Section = async (contenders, options) => {
  const starts = await measureStarts(contenders, options);
  const throughput = await measureWays(contenders);
  const crowd = await measureCrowd(contenders.api);
  return {
    tables: [...starts.tables, ...throughput.tables, crowd],
    absentees: [...starts.absentees, ...throughput.absentees],
  };
};

async function measureStarts({ api, peers }: Contenders, options: RoundRobinOptions): Promise<Findings> {
  const berth = (name: string, start: Parameters<BerthApi['run']>[1]) => ({
    name: `berth: gRPC, ${name}`,
    async measure() {
      const began = performance.now();
      const id = await api.run(['true'], start);
      const taken = performance.now() - began;
      await api.remove(id);
      return taken;
    },
  });
  const peerStarts = ({ name, runCommand, stopwatch }: Peer) => [
    stopwatch.contestant(`${name} run --network none`, runCommand(['--rm', '--network', 'none'], ['true'])),
    stopwatch.contestant(`${name} run`, runCommand(['--rm'], ['true'])),
    stopwatch.contestant(`${name} run -p 80`, runCommand(['--rm', '-p', '80'], ['true'])),
  ];
  const field = joinFields([
    present([
      berth('network none', { network: 'none' }),
      berth('default network', {}),
      berth('default network, one port published', { publish: '80/tcp' }),
    ]),
    ...peers.map((peer) => peer.field('run -p', peerStarts)),
  ]);
  const samples = await runRounds(field.contestants, options);
  const table: TimeTable = { title: 'start and exit of true, by network', samples };
  return { tables: [table], absentees: field.absentees };
}

async function measureWays({ api, peers }: Contenders): Promise<Findings> {
  const title = `iperf3 from the host into a container through a published port, median of ${THROUGHPUT_ROUNDS}`;
  const started = await api.start(SLEEP, { publish: `${IPERF_PORT}/tcp` });
  const opened = await Promise.all(peers.map(openPeerWays));
  try {
    const ways = [...(await berthWays(api, started)), HOST, ...opened.flatMap(({ ways: found }) => found)];
    const rates = new Map(ways.map(({ name }) => [name, [] as number[]]));
    for (let round = 0; round < THROUGHPUT_ROUNDS; round++) {
      for (const way of ways) rates.get(way.name)?.push(await measureThroughput(way));
    }
    const amounts = [...rates].map(([name, each]) => ({ name, amount: `${median(each).toFixed(1)} Gbit/s` }));
    return { tables: [{ title, amounts }], absentees: [] };
  } catch (error) {
    return { tables: [], absentees: [{ name: title, reason: describeFailure(error) }] };
  } finally {
    await Promise.all(opened.map(({ close }) => close()));
    await api.remove(started.id);
  }
}

/** What the loopback of the host carries without any container: no way through a port can be faster. */
const HOST: Way = {
  name: 'floor: the host to itself, 127.0.0.1',
  pid: process.pid,
  client: [],
  address: '127.0.0.1',
  port: IPERF_PORT,
};

async function berthWays(api: BerthApi, { id, pid }: StartedContainer): Promise<Way[]> {
  const { gateway, port } = await api.publishedAt(id);
  return [
    { name: 'berth, an address of the host', pid, client: [], address: gateway, port },
    { name: 'berth, 127.0.0.1', pid, client: [], address: '127.0.0.1', port },
  ];
}

/** Ways into a container of a peer's, from where its daemon is. */
async function openPeerWays({ peer }: PeerEngine): Promise<{ ways: Way[]; close: () => Promise<unknown> }> {
  if (peer === null) return { ways: [], close: () => Promise.resolve() };
  const { name, stopwatch, runCommand, removeCommand } = peer;
  const container = `berth-bench-network-${process.pid}`;
  await stopwatch.run(runCommand(['-d', '--name', container, '-p', String(IPERF_PORT)], SLEEP));
  const inspect = (field: string) => stopwatch.run([name, 'inspect', '--format', `{{${field}}}`, container]);
  const pid = Number(await inspect('.State.Pid'));
  const gateway = await inspect('.NetworkSettings.Gateway');
  const [line = ''] = (await stopwatch.run([name, 'port', container, String(IPERF_PORT)])).split('\n');
  const port = Number(line.split(':').at(-1));
  const client = name === 'docker' ? await inNetworkOf('dockerd') : [];
  const ways = [
    { name: `${name}, an address of the host`, pid, client, address: gateway, port },
    { name: `${name}, 127.0.0.1`, pid, client, address: '127.0.0.1', port },
  ];
  return { ways, close: () => stopwatch.run([...removeCommand, container]) };
}

async function inNetworkOf(program: string): Promise<string[]> {
  const [pid = ''] = (await run(['pgrep', '-o', '-x', program])).split('\n');
  return ['nsenter', '--net', '--target', pid];
}

/** Starts one after the other, the first of them beside the last. */
async function measureCrowd(api: BerthApi): Promise<AmountTable> {
  const ids: string[] = [];
  const taken: number[] = [];
  try {
    for (let index = 0; index < CONTAINERS; index++) {
      const began = performance.now();
      ids.push((await api.start(SLEEP)).id);
      taken.push(performance.now() - began);
    }
  } finally {
    for (const id of ids) await api.remove(id);
  }
  const row = (name: string, part: number[]) => ({ name, amount: `${median(part).toFixed(1)} ms` });
  return {
    title: `${CONTAINERS} containers on one bridge, one after the other`,
    amounts: [
      row(`the first ${SAMPLE}, each`, taken.slice(0, SAMPLE)),
      row(`the last ${SAMPLE}, each`, taken.slice(-SAMPLE)),
    ],
  };
}

import { LogForm } from '@berth/proto/container';
import { BERTH_COMMAND } from '@berth/testkit';
import { joinFields, present, staged, type Contestant } from '../contestant.ts';
import type { Peer } from '../peer-engine.ts';
import { runRounds } from '../round-robin.ts';
import type { Contenders, Findings, Section, TimeTable } from '../section.ts';
import { WORK_BIND, WORK_IN_CONTAINER, WORK_ON_HOST } from '../work.ts';

const LINES = 1_000_000;
const LINE_BYTES = 100;
/** As much as Berth keeps before it rotates something away. */
const LINES_TO_READ = 100_000;
const ROUNDS_MAX = 5;
const WAYS = { lines: 'line by line', blocks: '4 KiB at a time' } as const;

type Way = keyof typeof WAYS;

const work = (program: string, way: Way, lines: number) => [program, way, String(lines)];

function writeWithPeer({ name, stopwatch, runCommand, removeCommand }: Peer, way: Way): Contestant {
  const container = `berth-bench-log-${process.pid}`;
  const mount = ['-v', `${WORK_BIND.source}:${WORK_BIND.target}:ro`];
  const command = runCommand(['-d', '--name', container, ...mount], work(WORK_IN_CONTAINER, way, LINES));
  const script = 'engine=$0 container=$1; shift; "$@" >/dev/null && "$engine" wait "$container" >/dev/null';
  return {
    name: `${name} run -d, wait`,
    async measure() {
      try {
        return await stopwatch.time(['sh', '-c', script, name, container, ...command]);
      } finally {
        await stopwatch.run([...removeCommand, container]);
      }
    },
  };
}

async function measureWriting(contenders: Contenders, way: Way, options: Parameters<Section>[1]): Promise<Findings> {
  const { api, stopwatch, peers } = contenders;
  const alone = 'the program alone, into a pipe';
  const field = joinFields([
    present([
      stopwatch.contestant(alone, ['sh', '-c', '"$@" | cat >/dev/null', 'sh', ...work(WORK_ON_HOST, way, LINES)]),
      staged({
        name: 'berth: gRPC run, wait',
        prepare: () => Promise.resolve({ id: '' }),
        async run(container) {
          container.id = (await api.start(work(WORK_IN_CONTAINER, way, LINES), { bind: WORK_BIND })).id;
          await api.wait(container.id);
        },
        undo: ({ id }) => api.remove(id),
      }),
    ]),
    ...peers.map((peer) => peer.field('log', (each) => [writeWithPeer(each, way)])),
  ]);
  const title = `a log of ${LINES} lines, ${WAYS[way]}`;
  const samples = await runRounds(field.contestants, options);
  return { tables: [{ title, samples }], absentees: field.absentees };
}

async function measureReading(
  { api, stopwatch, peers }: Contenders,
  options: Parameters<Section>[1],
): Promise<TimeTable> {
  const command = work(WORK_IN_CONTAINER, 'blocks', LINES_TO_READ);
  const container = `berth-bench-read-${process.pid}`;
  const mount = ['-v', `${WORK_BIND.source}:${WORK_BIND.target}:ro`];
  const own = await api.start(command, { bind: WORK_BIND });
  const there = peers.flatMap(({ peer }) => (peer === null ? [] : [peer]));
  try {
    await api.wait(own.id);
    for (const peer of there) {
      await peer.stopwatch.run(peer.runCommand(['-d', '--name', container, ...mount], command));
      await peer.stopwatch.run([peer.name, 'wait', container]);
    }
    const read = (form: LogForm) => async () => {
      const bytes = await api.readLog(own.id, form);
      if (bytes !== LINES_TO_READ * LINE_BYTES) throw new Error(`the log has ${bytes} bytes`);
    };
    const nothing = () => Promise.resolve();
    const contestants = [
      staged({ name: 'berth: gRPC, text', prepare: nothing, run: read(LogForm.TEXT), undo: nothing }),
      staged({ name: 'berth: gRPC, lines', prepare: nothing, run: read(LogForm.UNSPECIFIED), undo: nothing }),
      stopwatch.contestant('berth logs', ['sh', '-c', '"$@" >/dev/null', 'sh', BERTH_COMMAND, 'logs', own.id]),
      ...there.map(({ name, stopwatch: watch }) =>
        watch.contestant(`${name} logs`, ['sh', '-c', '"$@" >/dev/null', 'sh', name, 'logs', container]),
      ),
    ];
    const samples = await runRounds(contestants, options);
    return { title: `a log of ${LINES_TO_READ} lines, read`, samples };
  } finally {
    for (const peer of there) await peer.stopwatch.run([...peer.removeCommand, container]);
    await api.remove(own.id);
  }
}

/** A log that is written and read. */
export const measureLog: Section = async (contenders, options) => {
  const few = { ...options, runs: Math.min(options.runs, ROUNDS_MAX), warmups: Math.min(options.warmups, 1) };
  const lines = await measureWriting(contenders, 'lines', few);
  const blocks = await measureWriting(contenders, 'blocks', few);
  const reading = await measureReading(contenders, few);
  return { tables: [...lines.tables, ...blocks.tables, reading], absentees: lines.absentees };
};

import { joinFields, present, staged, type Contestant } from '../contestant.ts';
import type { Peer } from '../peer-engine.ts';
import { runRounds } from '../round-robin.ts';
import type { Section } from '../section.ts';

const STARTS = 100;
const ROUNDS_MAX = 3;
const LABEL = 'berth-bench-parallel';
const SLEEP = ['sleep', '86400'];

function allAtOnce({ name, stopwatch, runCommand, removeCommand }: Peer): Contestant {
  const command = runCommand(['-d', '--label', LABEL], SLEEP);
  const start = ['sh', '-c', 'for i in $(seq "$0"); do "$@" >/dev/null & done; wait', String(STARTS), ...command];
  const script = '"$@" $("$0" ps -aq --filter "label=$LABEL") >/dev/null';
  const remove = ['env', `LABEL=${LABEL}`, 'sh', '-c', script, name, ...removeCommand];
  return {
    name: `${name} run -d`,
    async measure() {
      try {
        return await stopwatch.time(start);
      } finally {
        await stopwatch.run(remove);
      }
    },
  };
}

/** A hundred containers that are started at once, until the last one runs. */
export const measureParallel: Section = async ({ api, peers }, options) => {
  const ids: string[] = [];
  const startOne = async () => ids.push((await api.start(SLEEP)).id);
  const berth = staged({
    name: 'berth: gRPC create + start',
    prepare: () => Promise.resolve(),
    run: () => Promise.all(Array.from({ length: STARTS }, startOne)),
    undo: () => Promise.all(ids.splice(0).map((id) => api.remove(id))),
  });
  const field = joinFields([
    present([berth]),
    ...peers.map((peer) => peer.field('run -d', (each) => [allAtOnce(each)])),
  ]);
  const runs = Math.min(options.runs, ROUNDS_MAX);
  const samples = await runRounds(field.contestants, { ...options, runs, warmups: Math.min(options.warmups, 1) });
  return {
    tables: [{ title: `${STARTS} starts at once`, samples }],
    absentees: field.absentees,
  };
};

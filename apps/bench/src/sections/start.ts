import { BERTH_COMMAND } from '@berth/testkit';
import { joinFields, present } from '../contestant.ts';
import { openCrunRun } from '../crun.ts';
import { openFloor } from '../floor.ts';
import { runRounds } from '../round-robin.ts';
import type { Section } from '../section.ts';

const EARLIER_STARTS = 100;

/** Start and exit of `true` in a new container. */
export const measureStart: Section = async (contenders, options) => {
  const { api, stopwatch, peerStopwatch, peers, layers, image } = contenders;
  await using floor = await openFloor(layers, stopwatch);
  await using crun = await openCrunRun(layers.at(-1) ?? '', peerStopwatch);

  // An engine stays up, and Node compiles what has run often: the first starts of one take a third longer.
  for (let start = 0; start < EARLIER_STARTS; start++) await measureApi();

  async function measureApi(): Promise<number> {
    const start = performance.now();
    const id = await api.run(['true']);
    const taken = performance.now() - start;
    await api.remove(id);
    return taken;
  }

  const field = joinFields([
    present(floor.contestants),
    present([
      { name: 'berth: gRPC create + start + exit', measure: measureApi },
      stopwatch.contestant('berth run --rm', [BERTH_COMMAND, 'run', '--rm', image, 'true']),
    ]),
    crun.field,
    ...peers.map((peer) =>
      peer.field('run', ({ name, runCommand, stopwatch: watch }) => [
        watch.contestant(`${name} run --rm`, runCommand(['--rm'], ['true'])),
        watch.contestant(`${name} run --rm --network none`, runCommand(['--rm', '--network', 'none'], ['true'])),
      ]),
    ),
  ]);
  const samples = await runRounds(field.contestants, options);
  return { tables: [{ title: 'start and exit of true', samples }], absentees: field.absentees };
};

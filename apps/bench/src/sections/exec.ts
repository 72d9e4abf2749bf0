import { BERTH_COMMAND } from '@berth/testkit';
import { joinFields, present, staged } from '../contestant.ts';
import { openCrunExec } from '../crun.ts';
import { runRounds } from '../round-robin.ts';
import type { Section } from '../section.ts';
import { startSleeper } from '../sleeper.ts';

/** `true` in a container that runs. */
export const measureExec: Section = async ({ api, stopwatch, peerStopwatch, peers, layers }, options) => {
  await using crun = await openCrunExec(layers.at(-1) ?? '', peerStopwatch);
  await using sleeper = await startSleeper(api);
  const { id, pid } = sleeper;
  const nothing = () => Promise.resolve();
  const field = joinFields([
    present([
      // The floor: a program that enters the namespaces of a running container.
      stopwatch.contestant('nsenter', ['nsenter', '--all', '--target', String(pid), '/bin/true']),
      staged({ name: 'berth: gRPC exec', prepare: nothing, run: () => api.exec(id, ['true']), undo: nothing }),
      stopwatch.contestant('berth exec', [BERTH_COMMAND, 'exec', id, 'true']),
    ]),
    crun.field,
    ...peers.map((peer) =>
      peer.field('exec', ({ name, sleeper: container, stopwatch: watch }) => [
        watch.contestant(`${name} exec`, [name, 'exec', container, 'true']),
      ]),
    ),
  ]);
  const samples = await runRounds(field.contestants, options);
  return {
    tables: [{ title: 'true in a container that runs', samples }],
    absentees: field.absentees,
  };
};

import { joinFields, present, staged, type Contestant, type Field } from '../contestant.ts';
import type { Peer } from '../peer-engine.ts';
import { runRounds } from '../round-robin.ts';
import type { Section } from '../section.ts';

/** Ends at SIGTERM, which the first process of a pid namespace does only when it says so. */
const OBEDIENT = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 86400 & wait; done'];
const SLEEP = ['sleep', '86400'];

function stagedCommand(peer: Peer, measured: readonly string[], command: readonly string[]): Contestant {
  const { stopwatch, runCommand, removeCommand } = peer;
  const container = `berth-bench-stop-${process.pid}`;
  return {
    name: measured.join(' '),
    async measure() {
      await stopwatch.run(runCommand(['-d', '--name', container], command));
      try {
        return await stopwatch.time([...measured, container]);
      } finally {
        await stopwatch.run([...removeCommand, container]).catch(() => {});
      }
    },
  };
}

/** The stop of a program that obeys SIGTERM, and the removal of a container that runs. */
export const measureStop: Section = async ({ api, peers }, options) => {
  const ofPeers = (what: string, measured: (peer: Peer) => Contestant): Field[] =>
    peers.map((peer) => peer.field(what, (each) => [measured(each)]));
  const stop = joinFields([
    present([
      staged({
        name: 'berth: gRPC stop',
        prepare: () => api.start(OBEDIENT),
        run: ({ id }) => api.stop(id),
        undo: ({ id }) => api.remove(id),
      }),
    ]),
    ...ofPeers('stop', (peer) => stagedCommand(peer, [peer.name, 'stop'], OBEDIENT)),
  ]);
  const remove = joinFields([
    present([
      staged({
        name: 'berth: gRPC rm -f',
        prepare: () => api.start(SLEEP),
        run: ({ id }) => api.remove(id),
        undo: () => Promise.resolve(),
      }),
    ]),
    ...ofPeers('rm', (peer) => stagedCommand(peer, peer.removeCommand, SLEEP)),
  ]);
  const tables = [
    {
      title: 'stop of a program that obeys',
      samples: await runRounds(stop.contestants, options),
    },
    {
      title: 'removal of a container that runs',
      samples: await runRounds(remove.contestants, options),
    },
  ];
  return { tables, absentees: [...stop.absentees, ...remove.absentees] };
};

import { BERTH_COMMAND } from '@berth/testkit';
import { joinFields, present, staged, type Contestant } from '../contestant.ts';
import { openImageApi, type ImageApi } from '../image-api.ts';
import type { Peer } from '../peer-engine.ts';
import { runRounds } from '../round-robin.ts';
import type { Contenders, Section } from '../section.ts';

/** 700 files of together 20 MiB. */
const CHANGE = [
  ...['sh', '-c'],
  'mkdir /changed && head -c 29959 /dev/urandom >/changed/0 && for i in $(seq 699); do cp /changed/0 /changed/$i; done',
];
const SLEEP = ['sleep', '86400'];
const NAME = 'bench-changes';
const IMAGE = 'bench-committed';
const nothing = () => Promise.resolve();

function commits({ api, stopwatch }: Contenders, images: ImageApi, container: string): Contestant[] {
  let made = '';
  return [
    staged({
      name: 'berth: gRPC commit',
      prepare: nothing,
      run: async () => (made = await api.commit(container)),
      undo: () => images.remove(made, []),
    }),
    staged({
      name: 'berth commit',
      prepare: nothing,
      run: () => stopwatch.time([BERTH_COMMAND, 'commit', container, IMAGE]),
      undo: () => images.remove(IMAGE, []),
    }),
  ];
}

function commitWithPeer({ name, stopwatch }: Peer): Contestant {
  return {
    name: `${name} commit`,
    async measure() {
      const taken = await stopwatch.time([name, 'commit', NAME, IMAGE]);
      await stopwatch.run([name, 'rmi', '-f', IMAGE]);
      return taken;
    },
  };
}

/** The commit of a container that has changed much, and the list of what it has changed. */
export const measureChanges: Section = async (contenders, options) => {
  const { api, engine, stopwatch, peers } = contenders;
  using images = openImageApi(engine.paths);
  const there = peers.flatMap(({ peer }) => (peer === null ? [] : [peer]));
  const { id } = await api.start(SLEEP);
  try {
    await api.exec(id, CHANGE);
    for (const peer of there) {
      await peer.stopwatch.run(peer.runCommand(['-d', '--name', NAME], SLEEP));
      await peer.stopwatch.run([peer.name, 'exec', NAME, ...CHANGE]);
    }
    const committing = joinFields([
      present(commits(contenders, images, id)),
      ...peers.map((peer) => peer.field('commit', (each) => [commitWithPeer(each)])),
    ]);
    const differing = joinFields([
      present([
        staged({ name: 'berth: gRPC diff', prepare: nothing, run: () => api.diff(id), undo: nothing }),
        stopwatch.contestant('berth diff', [BERTH_COMMAND, 'diff', id]),
      ]),
      ...peers.map((peer) =>
        peer.field('diff', ({ name, stopwatch: watch }) => [watch.contestant(`${name} diff`, [name, 'diff', NAME])]),
      ),
    ]);
    return {
      tables: [
        { title: 'commit of 20 MiB in 700 files', samples: await runRounds(committing.contestants, options) },
        { title: 'diff of the same', samples: await runRounds(differing.contestants, options) },
      ],
      absentees: [...committing.absentees, ...differing.absentees],
    };
  } finally {
    await api.remove(id);
    for (const peer of there) await peer.stopwatch.run([...peer.removeCommand, NAME]).catch(() => {});
  }
};

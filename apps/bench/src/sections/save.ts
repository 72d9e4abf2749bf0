import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { BERTH_COMMAND } from '@berth/testkit';
import { joinFields, present, type Contestant } from '../contestant.ts';
import { openDebianImage, type DebianImage } from '../debian-image.ts';
import { openImageApi, type ImageApi } from '../image-api.ts';
import type { Peer } from '../peer-engine.ts';
import { describeFailure } from '../programs.ts';
import { runRounds } from '../round-robin.ts';
import type { Contenders, Findings, Section } from '../section.ts';
import type { Stopwatch } from '../stopwatch.ts';

const ROUNDS_MAX = 5;

interface Saver {
  readonly name: string;
  readonly stopwatch: Stopwatch;
  /** Writes to the file that is its last argument. */
  readonly command: readonly string[];
}

function save({ name, stopwatch, command }: Saver, { workDir }: DebianImage): Contestant {
  const output = join(workDir, 'saved.tar');
  return {
    name,
    async measure() {
      const taken = await stopwatch.time([...command, output]);
      rmSync(output);
      return taken;
    },
  };
}

/** Loads the archive into a store that has nothing of it. */
function loadWithBerth({ stopwatch }: Contenders, api: ImageApi, image: DebianImage): Contestant {
  return {
    name: 'berth load -i',
    async measure() {
      await api.remove(image.archived, image.digests);
      return stopwatch.time([BERTH_COMMAND, 'load', '-q', '-i', image.archive]);
    },
  };
}

function loadWithPeer({ name, stopwatch }: Peer, { archive, archived }: DebianImage): Contestant {
  return {
    name: `${name} load -i`,
    async measure() {
      await stopwatch.run([name, 'rmi', '-f', archived]);
      return stopwatch.time([name, 'load', '-q', '-i', archive]);
    },
  };
}

async function measureAll(
  contenders: Contenders,
  image: DebianImage,
  options: Parameters<Section>[1],
): Promise<Findings> {
  const { stopwatch, peers } = contenders;
  const { archive, archived, tree, workDir } = image;
  using api = openImageApi(contenders.engine.paths);
  const there = peers.flatMap(({ peer }) => (peer === null ? [] : [peer]));
  try {
    await stopwatch.time([BERTH_COMMAND, 'load', '-q', '-i', archive]);
    for (const peer of there) await peer.stopwatch.run([peer.name, 'load', '-q', '-i', archive]);
    const unpacked = join(workDir, 'unpacked');
    const script = 'mkdir "$1" && tar -x -C "$1" -f "$2"';
    const floor: Contestant = {
      name: 'floor: tar x',
      async measure() {
        const taken = await stopwatch.time(['sh', '-c', script, 'sh', unpacked, image.tar]);
        rmSync(unpacked, { recursive: true });
        return taken;
      },
    };
    const saving = joinFields([
      present([
        save({ name: 'floor: tar c', stopwatch, command: ['tar', '-C', tree, '-c', '.', '-f'] }, image),
        save({ name: 'berth save -o', stopwatch, command: [BERTH_COMMAND, 'save', archived, '-o'] }, image),
      ]),
      ...peers.map((peer) =>
        peer.field('save', ({ name, stopwatch: watch }) => {
          return [save({ name: `${name} save -o`, stopwatch: watch, command: [name, 'save', archived, '-o'] }, image)];
        }),
      ),
    ]);
    const loading = joinFields([
      present([floor, loadWithBerth(contenders, api, image)]),
      ...peers.map((peer) => peer.field('load', (each) => [loadWithPeer(each, image)])),
    ]);
    return {
      tables: [
        { title: 'save of a Debian root', samples: await runRounds(saving.contestants, options) },
        { title: 'load of it', samples: await runRounds(loading.contestants, options) },
      ],
      absentees: saving.absentees,
    };
  } finally {
    await api.remove(archived, image.digests);
    // It is not there when its load was interrupted.
    for (const peer of there) await peer.stopwatch.run([peer.name, 'rmi', '-f', archived]).catch(() => {});
  }
}

/** An image with one uncompressed layer, to a file and from it. */
export const measureSave: Section = async (contenders, options) => {
  const few = { ...options, runs: Math.min(options.runs, ROUNDS_MAX), warmups: Math.min(options.warmups, 1) };
  let image: DebianImage;
  try {
    image = await openDebianImage();
  } catch (error) {
    return { tables: [], absentees: [{ name: 'save and load', reason: describeFailure(error) }] };
  }
  await using opened = image;
  return await measureAll(contenders, opened, few);
};

import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { engineStatus } from '@berth/launcher';
import { BERTH_COMMAND, peakPssKib } from '@berth/testkit';
import { joinFields, present, staged, type Contestant } from '../contestant.ts';
import { openDebianImage, type DebianImage } from '../debian-image.ts';
import { openImageApi, type ImageApi } from '../image-api.ts';
import type { Peer } from '../peer-engine.ts';
import { describeFailure } from '../programs.ts';
import { runRounds } from '../round-robin.ts';
import type { AmountTable, Contenders, Findings, Section } from '../section.ts';

const ROUNDS_MAX = 5;
/** ext4 puts what is made in the directory far from each other; elsewhere it has no such flag. */
const FLOOR =
  'chattr +T "$1" 2>/dev/null; mkdir "$1/root"; if command -v igzip >/dev/null; then z=igzip; else z=gzip; fi; ' +
  'curl -sf "$2" | $z -dc | tar -x -C "$1/root"';

/** Podman takes a registry on loopback for one that has a certificate. */
const PULL_OPTIONS = { docker: [], podman: ['--tls-verify=false'] } as const;

/** The least: what comes is unpacked by tar, and no digest is looked at. */
function floor({ stopwatch }: Contenders, { layerUrl, workDir }: DebianImage): Contestant {
  return {
    name: 'floor: curl, inflate, tar',
    async measure() {
      const target = mkdtempSync(join(workDir, 'floor-'));
      const taken = await stopwatch.time(['sh', '-c', FLOOR, 'sh', target, layerUrl]);
      rmSync(target, { recursive: true });
      return taken;
    },
  };
}

function pullOverApi(api: ImageApi, name: string, references: readonly string[], { digests }: DebianImage): Contestant {
  const removeAll = async () => {
    for (const reference of references) await api.remove(reference, digests);
  };
  return staged({
    name,
    prepare: removeAll,
    async run() {
      for (const reference of references) await api.pull(reference);
    },
    undo: removeAll,
  });
}

function pullByCommand(
  { stopwatch }: Contenders,
  api: ImageApi,
  reference: string,
  { digests }: DebianImage,
): Contestant {
  return {
    name: 'berth pull',
    async measure() {
      const taken = await stopwatch.time([BERTH_COMMAND, 'pull', '-q', reference]);
      await api.remove(reference, digests);
      return taken;
    },
  };
}

function pullWithPeer({ name, stopwatch }: Peer, reference: string): Contestant {
  return {
    name: `${name} pull`,
    async measure() {
      const taken = await stopwatch.time([name, 'pull', '-q', ...PULL_OPTIONS[name], reference]);
      await stopwatch.run([name, 'rmi', '-f', reference]);
      return taken;
    },
  };
}

/** Rounds of their own: to look costs time. */
async function measurePeaks(
  { engine: { paths, env } }: Contenders,
  api: ImageApi,
  { whole, divided, digests }: DebianImage,
): Promise<AmountTable['amounts']> {
  const service = (await engineStatus(paths, env)).find(({ name }) => name === 'image-service');
  const amounts: AmountTable['amounts'][number][] = [];
  for (const [name, reference] of [
    ['in one layer', whole],
    ['in ten layers', divided],
  ] as const) {
    const kib = await peakPssKib(service?.pid ?? 0, () => api.pull(reference));
    await api.remove(reference, digests);
    amounts.push({ name: `image-service and berth-layer, ${name}`, amount: `${kib} KiB` });
  }
  return amounts;
}

async function measureAll(
  contenders: Contenders,
  image: DebianImage,
  options: Parameters<Section>[1],
): Promise<Findings> {
  using api = openImageApi(contenders.engine.paths);
  const { whole, divided, parts } = image;
  const one = joinFields([
    present([
      floor(contenders, image),
      pullOverApi(api, 'berth: gRPC pull', [whole], image),
      pullByCommand(contenders, api, whole, image),
    ]),
    ...contenders.peers.map((peer) => peer.field('pull', (each) => [pullWithPeer(each, whole)])),
  ]);
  const ten = joinFields([
    present([
      pullOverApi(api, 'berth: gRPC pull', [divided], image),
      pullOverApi(api, 'berth: gRPC pull, one layer after another', parts, image),
      pullByCommand(contenders, api, divided, image),
    ]),
    ...contenders.peers.map((peer) => peer.field('pull', (each) => [pullWithPeer(each, divided)])),
  ]);
  return {
    tables: [
      { title: 'pull of a Debian root in one layer', samples: await runRounds(one.contestants, options) },
      { title: 'the same root in ten layers', samples: await runRounds(ten.contestants, options) },
      { title: 'the most memory during one pull', amounts: await measurePeaks(contenders, api, image) },
    ],
    absentees: one.absentees,
  };
}

/** A pull from a registry on loopback, when nothing of the image is there. */
export const measurePull: Section = async (contenders, options) => {
  const few = { ...options, runs: Math.min(options.runs, ROUNDS_MAX), warmups: Math.min(options.warmups, 1) };
  let image: DebianImage;
  try {
    image = await openDebianImage();
  } catch (error) {
    return { tables: [], absentees: [{ name: 'pull', reason: describeFailure(error) }] };
  }
  await using opened = image;
  return await measureAll(contenders, opened, few);
};

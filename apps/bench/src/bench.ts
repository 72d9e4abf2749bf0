import { openBerthApi } from './berth-api.ts';
import { findLayers, type BenchEngine } from './engine.ts';
import { openPeerEngine } from './peer-engine.ts';
import type { RoundRobinOptions } from './round-robin.ts';
import type { Findings, Section } from './section.ts';
import { openPeerStopwatch, openStopwatch } from './stopwatch.ts';

const IMAGE = 'busybox';

/** Measures an engine beside the peers that are installed, section by section. What it makes goes away, also when it fails. */
export async function* bench(
  engine: BenchEngine,
  sections: readonly Section[],
  options: RoundRobinOptions,
): AsyncGenerator<Findings> {
  const layers = await findLayers(engine.paths, IMAGE);
  const lowest = layers.at(-1) ?? '';
  using stopwatch = openStopwatch(engine.env);
  using peerStopwatch = await openPeerStopwatch(engine.env);
  using api = openBerthApi(engine.paths, IMAGE);
  await using docker = await openPeerEngine('docker', lowest, peerStopwatch);
  await using podman = await openPeerEngine('podman', lowest, peerStopwatch);
  const contenders = { engine, api, stopwatch, peerStopwatch, peers: [podman, docker], layers, image: IMAGE };
  for (const section of sections) yield await section(contenders, options);
}

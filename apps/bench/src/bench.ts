import { BERTH_COMMAND } from '@berth/testkit';
import { openBerthApi } from './berth-api.ts';
import { joinFields, present, type Absentee } from './contestant.ts';
import { openCrun } from './crun.ts';
import { findLayers, type BenchEngine } from './engine.ts';
import { FLOOR, openFloor } from './floor.ts';
import { measureMemory } from './measure-memory.ts';
import { openPeerEngine } from './peer-engine.ts';
import type { Memory } from './report.ts';
import { runRounds, type RoundRobinOptions, type Samples } from './round-robin.ts';
import { openPeerStopwatch, openStopwatch } from './stopwatch.ts';

const IMAGE = 'busybox';

/** The floor of an exec: a program that enters the namespaces of a running container. */
export const EXEC_FLOOR = 'nsenter';
export { FLOOR };

export interface Figures {
  readonly start: readonly Samples[];
  readonly exec: readonly Samples[];
  readonly memory: readonly Memory[];
  readonly absentees: readonly Absentee[];
}

/** Measures an engine beside the floor and the peers that are installed. What it makes goes away, also when it fails. */
export async function bench(engine: BenchEngine, options: RoundRobinOptions): Promise<Figures> {
  const layers = await findLayers(engine.paths, IMAGE);
  const lowest = layers.at(-1) ?? '';
  using stopwatch = openStopwatch(engine.env);
  using peerStopwatch = await openPeerStopwatch(engine.env);
  using api = openBerthApi(engine.paths, IMAGE);
  await using floor = await openFloor(layers, stopwatch);
  await using docker = await openPeerEngine('docker', lowest, peerStopwatch);
  await using podman = await openPeerEngine('podman', lowest, peerStopwatch);
  using crun = await openCrun(lowest, peerStopwatch);
  await using sleeper = await startSleeper(api);
  const { id, pid } = sleeper;

  const start = joinFields([
    present(floor.contestants),
    present([api.start, stopwatch.contestant('berth run --rm', [BERTH_COMMAND, 'run', '--rm', IMAGE, 'true'])]),
    crun.start,
    podman.start,
    docker.start,
  ]);
  const exec = joinFields([
    present([
      stopwatch.contestant(EXEC_FLOOR, ['nsenter', '--all', '--target', String(pid), '/bin/true']),
      api.exec(id),
      stopwatch.contestant('berth exec', [BERTH_COMMAND, 'exec', id, 'true']),
    ]),
    podman.exec,
    docker.exec,
  ]);
  return {
    start: await runRounds(start.contestants, options),
    exec: await runRounds(exec.contestants, options),
    memory: await measureMemory(engine, pid),
    absentees: [...start.absentees, ...exec.absentees],
  };
}

async function startSleeper(api: ReturnType<typeof openBerthApi>) {
  const { id, pid } = await api.startSleeper();
  return { id, pid, [Symbol.asyncDispose]: () => api.remove(id) };
}

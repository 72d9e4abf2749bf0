import { present, type Field } from './contestant.ts';
import { describeFailure } from './programs.ts';
import type { Stopwatch } from './stopwatch.ts';

const IMAGE = 'berth-bench';

export type PeerName = 'docker' | 'podman';

/** Docker or Podman, with the same image and a container that runs. */
export interface PeerEngine extends AsyncDisposable {
  /** Whole commands that run `true`. */
  readonly start: Field;
  /** Whole commands that run `true` in the container. */
  readonly exec: Field;
}

const RUN_OPTIONS: Readonly<Record<PeerName, readonly string[]>> = {
  docker: [],
  // Its own defaults are higher than what a host without CAP_SYS_RESOURCE may set.
  podman: ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'],
};

/** Prepares a peer: both know the same commands. What does not work here is told, and no failure. */
export async function openPeerEngine(name: PeerName, layer: string, stopwatch: Stopwatch): Promise<PeerEngine> {
  const sleeper = `berth-bench-${process.pid}`;
  const runCommand = [name, 'run', '--rm', ...RUN_OPTIONS[name]];
  try {
    await stopwatch.run([name, 'info']);
    await importImage(name, layer, stopwatch);
    await stopwatch.run([...runCommand, IMAGE, 'true']);
  } catch (error) {
    return absentPeer(name, describeFailure(error));
  }
  await stopwatch.run([...runCommand, '-d', '--name', sleeper, IMAGE, 'sleep', '86400']);
  return {
    start: present([
      stopwatch.contestant(`${name} run --rm`, [...runCommand, IMAGE, 'true']),
      stopwatch.contestant(`${name} run --rm --network none`, [...runCommand, '--network', 'none', IMAGE, 'true']),
    ]),
    exec: present([stopwatch.contestant(`${name} exec`, [name, 'exec', sleeper, 'true'])]),
    async [Symbol.asyncDispose]() {
      await stopwatch.run([name, 'rm', '-f', sleeper]);
    },
  };
}

/** The layer that Berth runs from, as an image of the peer's. Kept for the next time. */
async function importImage(name: PeerName, layer: string, stopwatch: Stopwatch): Promise<void> {
  const found = await stopwatch.run([name, 'images', '-q', IMAGE]);
  if (found !== '') return;
  await stopwatch.run(['sh', '-c', 'tar -C "$1" -c . | "$2" import - "$3"', 'sh', layer, name, IMAGE]);
}

function absentPeer(name: PeerName, reason: string): PeerEngine {
  const absent = (what: string): Field => ({ contestants: [], absentees: [{ name: `${name} ${what}`, reason }] });
  return { start: absent('run'), exec: absent('exec'), [Symbol.asyncDispose]: () => Promise.resolve() };
}

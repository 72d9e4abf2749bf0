import type { Contestant, Field } from './contestant.ts';
import { describeFailure, run } from './programs.ts';
import type { Stopwatch } from './stopwatch.ts';

const IMAGE = 'berth-bench';

/** Docker or Podman, with the same image and a container that runs. */
export interface PeerEngine extends AsyncDisposable {
  /** Whole commands that run `true`. */
  readonly start: Field;
  /** Whole commands that run `true` in the container. */
  readonly exec: Field;
}

/** Prepares `docker` or `podman`: both know these commands. What does not work here is told, and no failure. */
export async function openPeerEngine(name: string, layer: string, stopwatch: Stopwatch): Promise<PeerEngine> {
  const sleeper = `berth-bench-${process.pid}`;
  try {
    await run([name, 'info']);
    await importImage(name, layer);
    await run([name, 'run', '--rm', IMAGE, 'true']);
  } catch (error) {
    return absentPeer(name, describeFailure(error));
  }
  await run([name, 'run', '--rm', '-d', '--name', sleeper, IMAGE, 'sleep', '86400']);
  const contestant = (title: string, args: readonly string[]): Contestant =>
    stopwatch.contestant(title, [name, ...args]);
  return {
    start: {
      contestants: [
        contestant(`${name} run --rm`, ['run', '--rm', IMAGE, 'true']),
        contestant(`${name} run --rm --network none`, ['run', '--rm', '--network', 'none', IMAGE, 'true']),
      ],
      absentees: [],
    },
    exec: { contestants: [contestant(`${name} exec`, ['exec', sleeper, 'true'])], absentees: [] },
    async [Symbol.asyncDispose]() {
      await run([name, 'rm', '-f', sleeper]);
    },
  };
}

/** The layer that Berth runs from, as an image of the peer's. Kept for the next time. */
async function importImage(name: string, layer: string): Promise<void> {
  const present = await run([name, 'images', '-q', IMAGE]);
  if (present === '') await run(['sh', '-c', 'tar -C "$1" -c . | "$2" import - "$3"', 'sh', layer, name, IMAGE]);
}

function absentPeer(name: string, reason: string): PeerEngine {
  const absent = (what: string): Field => ({ contestants: [], absentees: [{ name: `${name} ${what}`, reason }] });
  return { start: absent('run'), exec: absent('exec'), [Symbol.asyncDispose]: () => Promise.resolve() };
}

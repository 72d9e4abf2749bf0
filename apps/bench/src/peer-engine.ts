import type { Contestant, Field } from './contestant.ts';
import { describeFailure } from './programs.ts';
import type { Stopwatch } from './stopwatch.ts';

const IMAGE = 'berth-bench';

export type PeerName = 'docker' | 'podman';

/** Docker or Podman, with the same image and a container that runs. Both know the same commands. */
export interface Peer {
  readonly name: PeerName;
  readonly stopwatch: Stopwatch;
  /** A container that sleeps. */
  readonly sleeper: string;
  /** A whole command that runs another in a new container. */
  runCommand(options: readonly string[], command: readonly string[]): readonly string[];
  /** The beginning of a whole command that kills containers and removes them. */
  readonly removeCommand: readonly string[];
}

/** A peer, or why there is none. */
export interface PeerEngine extends AsyncDisposable {
  /** Null when it is not there. */
  readonly peer: Peer | null;
  /** What the peer takes part with; when it is not there, it is told absent from `what`. */
  field(what: string, contestants: (peer: Peer) => readonly Contestant[]): Field;
}

const RUN_OPTIONS: Readonly<Record<PeerName, readonly string[]>> = {
  docker: [],
  // Its own defaults are higher than what a host without CAP_SYS_RESOURCE may set.
  podman: ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'],
};

/** Podman lets a container stop first, for ten seconds, where Docker kills it. */
const REMOVE_COMMANDS: Readonly<Record<PeerName, readonly string[]>> = {
  docker: ['docker', 'rm', '-f'],
  podman: ['podman', 'rm', '-f', '-t', '0'],
};

/** Prepares a peer. What does not work here is told, and no failure. */
export async function openPeerEngine(name: PeerName, layer: string, stopwatch: Stopwatch): Promise<PeerEngine> {
  const sleeper = `berth-bench-${process.pid}`;
  const runCommand: Peer['runCommand'] = (options, command) => [
    ...[name, 'run', ...RUN_OPTIONS[name], ...options, IMAGE],
    ...command,
  ];
  try {
    await stopwatch.run([name, 'info']);
    await importImage(name, layer, stopwatch);
    await stopwatch.run(runCommand(['--rm'], ['true']));
  } catch (error) {
    return absentPeer(name, describeFailure(error));
  }
  await stopwatch.run(runCommand(['-d', '--name', sleeper], ['sleep', '86400']));
  const removeCommand = REMOVE_COMMANDS[name];
  const peer = { name, stopwatch, sleeper, runCommand, removeCommand };
  return {
    peer,
    field: (_, contestants) => ({ contestants: contestants(peer), absentees: [] }),
    async [Symbol.asyncDispose]() {
      await stopwatch.run([...removeCommand, sleeper]);
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
  return {
    peer: null,
    field: (what) => ({ contestants: [], absentees: [{ name: `${name} ${what}`, reason }] }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

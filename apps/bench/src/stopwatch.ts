import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Contestant } from './contestant.ts';
import { openLineProgram } from './line-program.ts';
import { run } from './programs.ts';

const PROGRAM = join(import.meta.dirname, '../native/build/stopwatch');
const HYBRID_TREE = '/sys/fs/cgroup/unified';

/** Measures whole programs from a small process: a spawn by this one would cost milliseconds of its own. */
export interface Stopwatch extends Disposable {
  /** Runs a program to its end and tells the milliseconds. Throws when it fails. Arguments hold no tabs and no newlines. */
  time(command: readonly string[]): Promise<number>;
  /** A contestant that is one command. */
  contestant(name: string, command: readonly string[]): Contestant;
  /** Runs a program that sees what the measured ones see, and gives its stdout; not timed. */
  run(command: readonly string[]): Promise<string>;
}

export function openStopwatch(env: NodeJS.ProcessEnv): Stopwatch {
  return createStopwatch([PROGRAM], [], env);
}

/**
 * One for peers. crun refuses hosts whose cgroup2 tree lies beside those of version 1 and has controllers, so there its programs run in
 * a mount namespace without that tree.
 */
export async function openPeerStopwatch(env: NodeJS.ProcessEnv): Promise<Stopwatch> {
  if (!existsSync(HYBRID_TREE)) return openStopwatch(env);
  const script = 'umount "$1" && exec "$2"';
  const command = ['unshare', '--mount', 'sh', '-c', script, 'sh', HYBRID_TREE, PROGRAM];
  const stopwatch = createStopwatch(command, ['nsenter', '--mount'], env);
  // The first answer tells that the namespace is ready to be entered.
  await stopwatch.time(['true']);
  return stopwatch;
}

function createStopwatch(
  [file = '', ...args]: readonly string[],
  enter: readonly string[],
  env: NodeJS.ProcessEnv,
): Stopwatch {
  const program = openLineProgram(file, args, env);
  const prefix = enter.length === 0 ? [] : [...enter, '--target', String(program.pid)];
  const time = async (command: readonly string[]) => {
    const [nanoseconds, code] = (await program.ask(command.join('\t'))).split(' ');
    if (code !== '0') throw new Error(`"${command.join(' ')}" exited with ${code}`);
    return Number(nanoseconds) / 1e6;
  };
  return {
    time,
    contestant: (name, command) => ({ name, measure: () => time(command) }),
    run: (command) => run([...prefix, ...command]),
    [Symbol.dispose]: () => program[Symbol.dispose](),
  };
}

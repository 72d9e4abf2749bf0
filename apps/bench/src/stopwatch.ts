import { join } from 'node:path';
import { openLineProgram } from './line-program.ts';
import type { Contestant } from './contestant.ts';

const PROGRAM = join(import.meta.dirname, '../native/build/stopwatch');

/** Measures whole programs from a small process: a spawn by this one would cost milliseconds of its own. */
export interface Stopwatch extends Disposable {
  /** Runs a program to its end and tells the milliseconds. Throws when it fails. Arguments hold no tabs and no newlines. */
  time(command: readonly string[]): Promise<number>;
  /** A contestant that is one command. */
  contestant(name: string, command: readonly string[]): Contestant;
}

export function openStopwatch(env: NodeJS.ProcessEnv): Stopwatch {
  const program = openLineProgram(PROGRAM, [], env);
  const time = async (command: readonly string[]) => {
    const [nanoseconds, code] = (await program.ask(command.join('\t'))).split(' ');
    if (code !== '0') throw new Error(`"${command.join(' ')}" exited with ${code}`);
    return Number(nanoseconds) / 1e6;
  };
  return {
    time,
    contestant: (name, command) => ({ name, measure: () => time(command) }),
    [Symbol.dispose]: () => program[Symbol.dispose](),
  };
}

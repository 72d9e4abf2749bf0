import type { Contestant } from './contestant.ts';

export interface Samples {
  readonly name: string;
  /** Milliseconds, in the order of the rounds. */
  readonly milliseconds: readonly number[];
}

export interface RoundRobinOptions {
  readonly runs: number;
  readonly warmups: number;
  readonly signal: AbortSignal;
}

/** Lets the contestants take turns, so that what disturbs the machine disturbs all of them. Throws when one fails. */
export async function runRounds(contestants: readonly Contestant[], options: RoundRobinOptions): Promise<Samples[]> {
  const samples = contestants.map(({ name }) => ({ name, milliseconds: [] as number[] }));
  for (let round = -options.warmups; round < options.runs; round++) {
    for (const [index, contestant] of contestants.entries()) {
      options.signal.throwIfAborted();
      const taken = await contestant.measure();
      if (round >= 0) samples[index]?.milliseconds.push(taken);
    }
  }
  return samples;
}

import { setTimeout as delay } from 'node:timers/promises';
import type { Contestant } from './contestant.ts';

export interface Samples {
  readonly name: string;
  /** Milliseconds, in the order of the rounds. */
  readonly milliseconds: readonly number[];
}

export interface RoundRobinOptions {
  readonly runs: number;
  readonly warmups: number;
  /** A pause before each turn, in milliseconds: the kernel takes down what the one before left (network namespaces) for that long. */
  readonly settleMs: number;
  readonly signal: AbortSignal;
}

/**
 * Lets the contestants take turns, so that what disturbs the machine disturbs all of them; another one begins each round, so that none
 * always comes after the same. Throws when one fails.
 */
export async function runRounds(contestants: readonly Contestant[], options: RoundRobinOptions): Promise<Samples[]> {
  const entries = contestants.map((contestant) => ({ contestant, milliseconds: [] as number[] }));
  for (let round = 0; round < options.warmups + options.runs; round++) {
    for (const { contestant, milliseconds } of rotate(entries, round)) {
      await delay(options.settleMs, undefined, { signal: options.signal });
      const taken = await contestant.measure();
      if (round >= options.warmups) milliseconds.push(taken);
    }
  }
  return entries.map(({ contestant: { name }, milliseconds }) => ({ name, milliseconds }));
}

function rotate<Item>(items: readonly Item[], by: number): Item[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** Measured rounds; each runs every contestant once. */
  readonly runs: number;
  /** Rounds before them that are not counted. */
  readonly warmups: number;
  /** Where the figures go as JSON; null for nowhere. */
  readonly json: string | null;
}

export const USAGE = 'usage: node apps/bench/src/main.ts [--runs N] [--warmups N] [--json FILE]';

/** Throws an Error with a text for the user. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: 'string', default: '30' },
      warmups: { type: 'string', default: '3' },
      json: { type: 'string' },
    },
  });
  return {
    runs: parseCount('runs', values.runs, 1),
    warmups: parseCount('warmups', values.warmups, 0),
    json: values.json ?? null,
  };
}

function parseCount(name: string, text: string, least: number): number {
  const count = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
  if (!(count >= least)) throw new Error(`--${name} takes a number of at least ${least}, not "${text}"`);
  return count;
}

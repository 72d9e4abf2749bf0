import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** What is measured. */
  readonly sections: readonly string[];
  /** Measured rounds; each runs every contestant once. */
  readonly runs: number;
  /** Rounds before them that are not counted. */
  readonly warmups: number;
  /** Where the figures go as JSON; null for nowhere. */
  readonly json: string | null;
}

export const USAGE = 'usage: node apps/bench/src/main.ts [SECTION...] [--runs N] [--warmups N] [--json FILE]';

/** The sections named, or all. Throws an Error with a text for the user. */
export function parseOptions(args: readonly string[], allSections: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      runs: { type: 'string', default: '30' },
      warmups: { type: 'string', default: '3' },
      json: { type: 'string' },
    },
  });
  const unknown = positionals.find((name) => !allSections.includes(name));
  if (unknown !== undefined) throw new Error(`"${unknown}" is none of the sections ${allSections.join(', ')}`);
  return {
    sections: positionals.length === 0 ? allSections : positionals,
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

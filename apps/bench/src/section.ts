import type { BerthApi } from './berth-api.ts';
import type { Absentee } from './contestant.ts';
import type { BenchEngine } from './engine.ts';
import type { PeerEngine } from './peer-engine.ts';
import type { RoundRobinOptions, Samples } from './round-robin.ts';
import type { Stopwatch } from './stopwatch.ts';

/** What every section measures with. */
export interface Contenders {
  readonly engine: BenchEngine;
  readonly api: BerthApi;
  /** Times whole programs in the engine's environment. */
  readonly stopwatch: Stopwatch;
  /** The same for peers. */
  readonly peerStopwatch: Stopwatch;
  readonly peers: readonly PeerEngine[];
  /** The layers of the image that everyone runs, uppermost first. */
  readonly layers: readonly string[];
  readonly image: string;
}

/** Times of contestants, which are compared with the first. */
export interface TimeTable {
  readonly title: string;
  readonly samples: readonly Samples[];
}

/** Amounts, each with its unit. */
export interface AmountTable {
  readonly title: string;
  readonly amounts: readonly { readonly name: string; readonly amount: string }[];
}

/** What a section found out. */
export interface Findings {
  readonly tables: readonly (TimeTable | AmountTable)[];
  readonly absentees: readonly Absentee[];
}

/** Measures one thing. What it makes goes away, also when it fails. */
export type Section = (contenders: Contenders, options: RoundRobinOptions) => Promise<Findings>;

import { formatSize } from '../format/human-size.ts';

const PRECISION = 4;

/** What a prune has done. */
export interface Pruned {
  /** What went, as Docker lists it; empty when nothing did. */
  readonly text: string;
  readonly reclaimedBytes: bigint;
}

/** `Deleted Containers:`, and each of them on a line. */
export function deletedText(what: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `Deleted ${what}:\n${lines.map((line) => `${line}\n`).join('')}`;
}

/** What a prune by itself tells. */
export function prunedText(pruned: Pruned): string {
  return `${stepText(pruned)}${totalText([pruned])}`;
}

/** What one prune of several tells. */
export function stepText({ text }: Pruned): string {
  return text === '' ? '' : `${text}\n`;
}

/** What several tell at their end. */
export function totalText(prunes: readonly Pruned[]): string {
  const total = prunes.reduce((sum, { reclaimedBytes }) => sum + reclaimedBytes, 0n);
  return `Total reclaimed space: ${formatSize(total, PRECISION)}\n`;
}

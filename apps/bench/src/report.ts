import type { Absentee } from './contestant.ts';
import type { Samples } from './round-robin.ts';
import { median, percentile } from './statistics.ts';
import { formatTable } from './table.ts';

/** Medians, 95th percentiles and ratios to the median of `reference`, which is one of the samples. */
export function formatSamples(title: string, samples: readonly Samples[], reference: string): string {
  const base = samples.find(({ name }) => name === reference);
  const unit = base === undefined ? null : median(base.milliseconds);
  const rows = samples.map(({ name, milliseconds }) => {
    const middle = median(milliseconds);
    const ratio = unit === null ? '' : (middle / unit).toFixed(2);
    return [name, middle.toFixed(1), percentile(milliseconds, 0.95).toFixed(1), ratio];
  });
  return formatTable([title, 'p50 ms', 'p95 ms', '× floor'], rows);
}

export interface Memory {
  readonly name: string;
  readonly kib: number;
}

export function formatMemory(title: string, entries: readonly Memory[]): string {
  return formatTable(
    [title, 'KiB'],
    entries.map(({ name, kib }) => [name, String(kib)]),
  );
}

export function formatAbsentees(absentees: readonly Absentee[]): string {
  return absentees.map(({ name, reason }) => `skipped: ${name}: ${reason}`).join('\n');
}

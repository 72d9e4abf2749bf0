import type { Absentee } from './contestant.ts';
import type { AmountTable, Findings, TimeTable } from './section.ts';
import { median, percentile } from './statistics.ts';
import { formatTable } from './table.ts';

/** Medians, 95th percentiles and ratios to the median of the first. */
function formatSamples({ title, samples }: TimeTable): string {
  const unit = median(samples[0]?.milliseconds ?? []);
  const rows = samples.map(({ name, milliseconds }) => {
    const middle = median(milliseconds);
    return [name, middle.toFixed(1), percentile(milliseconds, 0.95).toFixed(1), (middle / unit).toFixed(2)];
  });
  return formatTable([title, 'p50 ms', 'p95 ms', '× first'], rows);
}

/** Every table of a section, and who did not take part. */
export function formatFindings({ tables, absentees }: Findings): string {
  const parts = tables.map((table) => ('samples' in table ? formatSamples(table) : formatAmounts(table)));
  return [...parts, ...(absentees.length > 0 ? [formatAbsentees(absentees)] : [])].join('\n\n');
}

function formatAmounts({ title, amounts }: AmountTable): string {
  return formatTable(
    [title, ''],
    amounts.map(({ name, amount }) => [name, amount]),
  );
}

function formatAbsentees(absentees: readonly Absentee[]): string {
  return absentees.map(({ name, reason }) => `skipped: ${name}: ${reason}`).join('\n');
}

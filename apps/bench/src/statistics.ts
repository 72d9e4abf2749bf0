/** The sample that the fraction `rank` of all samples does not exceed (nearest rank). Throws on an empty list. */
export function percentile(samples: readonly number[], rank: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const sample = sorted[Math.max(0, Math.ceil(rank * sorted.length) - 1)];
  if (sample === undefined) throw new Error('no samples');
  return sample;
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}

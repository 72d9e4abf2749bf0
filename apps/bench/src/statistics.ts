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

/**
 * The median of what the samples are of, which lies between two of them with a confidence of 95 %, however they are spread (order
 * statistics). Few samples: between the smallest and the largest. Throws on an empty list.
 */
export function medianWithConfidence(samples: readonly number[]): { middle: number; low: number; high: number } {
  const reach = 0.98 / Math.sqrt(samples.length);
  return {
    middle: median(samples),
    low: percentile(samples, Math.max(0, 0.5 - reach)),
    high: percentile(samples, Math.min(1, 0.5 + reach)),
  };
}

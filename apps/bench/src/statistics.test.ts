import { expect, test } from '@jest/globals';
import { median, percentile } from './statistics.ts';

test('a percentile is one of the samples', () => {
  const samples = [5, 1, 4, 2, 3];
  expect(median(samples)).toBe(3);
  expect(percentile(samples, 0.95)).toBe(5);
  expect(percentile(samples, 0)).toBe(1);
  expect(percentile([7], 0.95)).toBe(7);
});

test('there is no percentile of nothing', () => {
  expect(() => median([])).toThrow('no samples');
});

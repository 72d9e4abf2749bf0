import { expect, test } from '@jest/globals';
import { median, medianWithConfidence, percentile } from './statistics.ts';

test('a percentile is one of the samples', () => {
  const samples = [5, 1, 4, 2, 3];
  expect(median(samples)).toBe(3);
  expect(percentile(samples, 0.95)).toBe(5);
  expect(percentile(samples, 0)).toBe(1);
  expect(percentile([7], 0.95)).toBe(7);
});

test('the median lies between two of the samples, the nearer the more there are', () => {
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
  expect(medianWithConfidence(upTo(100))).toEqual({ middle: 50, low: 41, high: 60 });
  expect(medianWithConfidence(upTo(10_000))).toEqual({ middle: 5000, low: 4902, high: 5098 });
  expect(medianWithConfidence([3, 1, 2])).toEqual({ middle: 2, low: 1, high: 3 });
});

test('there is no percentile of nothing', () => {
  expect(() => median([])).toThrow('no samples');
});

import { expect, test } from '@jest/globals';
import { formatAbsentees, formatMemory, formatSamples } from './report.ts';

test('samples are told as median, 95th percentile and ratio', () => {
  const samples = [
    { name: 'floor', milliseconds: [10, 8, 9] },
    { name: 'engine', milliseconds: [18, 20, 30] },
  ];
  expect(formatSamples('start', samples, 'floor').split('\n')).toEqual([
    'start   p50 ms  p95 ms  × floor',
    'floor      9.0    10.0     1.00',
    'engine    20.0    30.0     2.22',
  ]);
});

test('without the reference there are no ratios', () => {
  expect(formatSamples('exec', [{ name: 'engine', milliseconds: [1] }], 'floor')).toContain('engine     1.0     1.0');
});

test('memory and absentees are told', () => {
  expect(formatMemory('memory', [{ name: 'keeper', kib: 210 }])).toBe('memory  KiB\nkeeper  210');
  expect(formatAbsentees([{ name: 'docker run', reason: 'is not installed' }])).toBe(
    'skipped: docker run: is not installed',
  );
});

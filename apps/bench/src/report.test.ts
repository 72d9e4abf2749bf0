import { expect, test } from '@jest/globals';
import { formatFindings } from './report.ts';

test('times are told as median, 95th percentile and ratio to the first', () => {
  const samples = [
    { name: 'floor', milliseconds: [10, 8, 9] },
    { name: 'engine', milliseconds: [18, 20, 30] },
  ];
  expect(formatFindings({ tables: [{ title: 'start', samples }], absentees: [] }).split('\n')).toEqual([
    'start   p50 ms  p95 ms  × first',
    'floor      9.0    10.0     1.00',
    'engine    20.0    30.0     2.22',
  ]);
});

test('amounts and absentees are told', () => {
  const tables = [{ title: 'memory', amounts: [{ name: 'keeper', amount: '210 KiB' }] }];
  const absentees = [{ name: 'docker run', reason: 'is not installed' }];
  expect(formatFindings({ tables, absentees })).toBe(
    'memory\nkeeper  210 KiB\n\nskipped: docker run: is not installed',
  );
});

import { expect, test } from '@jest/globals';
import { parseContentRange } from './content-range.ts';

test.each([
  ['bytes 0-99/200', { start: 0, end: 99, total: 200 }],
  ['bytes 100-199/200', { start: 100, end: 199, total: 200 }],
  ['bytes 5-9/*', { start: 5, end: 9, total: null }],
])('reads %s', (value, expected) => {
  expect(parseContentRange(value)).toEqual(expected);
});

test.each([
  '',
  'bytes */200',
  'bytes 9-5/200',
  'bytes 0-200/200',
  'bytes -1-5/200',
  'bytes 0-5',
  'items 0-5/6',
  'bytes 0-99/200, 5-9/200',
  'bytes 0x1-5/6',
  'bytes 0-9999999999999998/9999999999999999',
])('refuses %j', (value) => {
  expect(parseContentRange(value)).toBeNull();
});

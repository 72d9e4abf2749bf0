import { expect, test } from '@jest/globals';
import { parseRetryAfter } from './retry-after.ts';

const now = Date.parse('Wed, 21 Oct 2015 07:28:00 GMT');

test.each([
  ['0', 0],
  ['120', 120_000],
  [' 5 ', 5000],
  ['Wed, 21 Oct 2015 07:28:30 GMT', 30_000],
  ['Wed, 21 Oct 2015 07:27:00 GMT', 0],
  ['', null],
  ['-1', null],
  ['1.5', null],
  ['soon', null],
  ['2015', 2_015_000],
  ['99999999999999999999', null],
  ['Wed, nonsense', null],
])('%j is %p', (value, expected) => {
  expect(parseRetryAfter(value, now)).toBe(expected);
});

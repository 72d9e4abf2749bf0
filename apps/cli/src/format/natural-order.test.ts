import { expect, test } from '@jest/globals';
import { compareNaturally } from './natural-order.ts';

test('numbers in names are ordered as numbers', () => {
  const ordered = ['1', '02', '10', 'A', 'a', 'a-1', 'a1', 'a2b', 'a2c', 'a10', 'b'];
  expect(ordered.toReversed().sort(compareNaturally)).toEqual(ordered);
  expect(compareNaturally('a1', 'a1')).toBe(0);
});

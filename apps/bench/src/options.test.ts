import { expect, test } from '@jest/globals';
import { parseOptions } from './options.ts';

test('thirty runs after three warm-ups, unless told otherwise', () => {
  expect(parseOptions([])).toEqual({ runs: 30, warmups: 3, json: null });
  expect(parseOptions(['--runs', '5', '--warmups=0', '--json', 'x'])).toEqual({ runs: 5, warmups: 0, json: 'x' });
});

test.each([
  [['--runs', '0'], 'at least 1'],
  [['--runs', 'many'], '"many"'],
  [['--fast'], '--fast'],
])('%j is refused', (args, reason) => {
  expect(() => parseOptions(args)).toThrow(reason);
});

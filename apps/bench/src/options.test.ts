import { expect, test } from '@jest/globals';
import { parseOptions } from './options.ts';

const parse = (args: string[]) => parseOptions(args, ['start', 'log']);

test('all sections, thirty runs after three warm-ups, unless told otherwise', () => {
  expect(parse([])).toEqual({ sections: ['start', 'log'], runs: 30, warmups: 3, json: null });
  expect(parse(['log', '--runs', '5', '--warmups=0', '--json', 'x'])).toEqual({
    sections: ['log'],
    runs: 5,
    warmups: 0,
    json: 'x',
  });
});

test.each([
  [['--runs', '0'], 'at least 1'],
  [['--runs', 'many'], '"many"'],
  [['--fast'], '--fast'],
  [['stop'], 'none of the sections start, log'],
])('%j is refused', (args, reason) => {
  expect(() => parse(args)).toThrow(reason);
});

import { expect, test } from '@jest/globals';
import { parseLogTime } from './log-time.ts';

const NOW = new Date('2026-08-01T10:00:00.250Z');

test.each([
  ['2026-08-01T10:00:00.123456789Z', 1_785_578_400n, 123_456_789],
  ['2026-08-01T10:00:00Z', 1_785_578_400n, 0],
  ['1785578400.5', 1_785_578_400n, 500_000_000],
  ['1785578400', 1_785_578_400n, 0],
  ['10s', 1_785_578_390n, 250_000_000],
  ['1.5s', 1_785_578_398n, 750_000_000],
])('%s', (text, seconds, nanos) => {
  expect(parseLogTime('since', text, NOW)).toEqual({ seconds, nanos });
});

test('what is no time is refused, with the name of the option', () => {
  expect(() => parseLogTime('until', 'x', NOW)).toThrow(
    'invalid value for "until": failed to parse value as time or duration: "x"',
  );
});

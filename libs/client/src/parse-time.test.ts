import { expect, test } from '@jest/globals';
import { parseTime } from './parse-time.ts';

const NOW = new Date('2026-08-01T12:00:00Z');

test.each([
  ['1767225600', '2026-01-01T00:00:00.000Z'],
  ['1767225600.5', '2026-01-01T00:00:00.500Z'],
  ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000Z'],
  ['2026-01-02T03:04:05.123456789+01:00', '2026-01-02T02:04:05.123Z'],
  ['10m', '2026-08-01T11:50:00.000Z'],
  ['1h30m', '2026-08-01T10:30:00.000Z'],
  ['1.5h', '2026-08-01T10:30:00.000Z'],
  ['-10s', '2026-08-01T12:00:10.000Z'],
])('%s is %s', (text, iso) => {
  expect(parseTime(text, NOW)?.toISOString()).toBe(iso);
});

test('a date without a zone is local', () => {
  expect(parseTime('2026-01-02', NOW)).toEqual(new Date(2026, 0, 2));
});

test.each(['yesterday', '', '10x', '2026-13-01'])('%j is refused', (text) => {
  expect(parseTime(text, NOW)).toBeNull();
});

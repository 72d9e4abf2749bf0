import { expect, test } from '@jest/globals';
import { formatGoTime, formatGoTimeNano, formatLocalNano, formatRfc3339Nano, formatUtcNano } from './go-time.ts';

const TIME = { seconds: 1_767_225_600n, nanos: 120_000_000 };

test('RFC3339Nano has no trailing zeros; what has not happened is in the year 1', () => {
  expect(formatRfc3339Nano(TIME)).toBe('2026-01-01T00:00:00.12Z');
  expect(formatRfc3339Nano({ ...TIME, nanos: 0 })).toBe('2026-01-01T00:00:00Z');
  expect(formatRfc3339Nano({ ...TIME, nanos: 1 })).toBe('2026-01-01T00:00:00.000000001Z');
  expect(formatRfc3339Nano(undefined)).toBe('0001-01-01T00:00:00Z');
});

test('logs have all nine digits in UTC', () => {
  expect(formatUtcNano(TIME)).toBe('2026-01-01T00:00:00.120000000Z');
});

test('events and CREATED AT are in local time', () => {
  const date = new Date(Number(TIME.seconds) * 1000);
  expect(new Date(formatLocalNano(TIME)).getTime()).toBe(date.getTime() + 120);
  expect(formatLocalNano(TIME)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.120000000(Z|[+-]\d\d:\d\d)$/);
  expect(formatGoTimeNano(TIME)).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.12 [+-]\d{4} \S+$/);
  expect(formatGoTimeNano({ ...TIME, nanos: 0 })).toBe(formatGoTime(TIME));
  expect(formatGoTime(TIME)).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4} \S+$/);
});

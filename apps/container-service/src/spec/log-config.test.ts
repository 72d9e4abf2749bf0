import { describe, expect, test } from '@jest/globals';
import { logRotation, parseLogConfig } from './log-config.ts';

describe('a log config', () => {
  test.each([
    ['', {}, 10_485_760n, 3],
    ['json-file', { 'max-size': '5k', 'max-file': '1', tag: 't' }, 5120n, 1],
    ['local', { 'max-size': '1.5m' }, 1_572_864n, 3],
    ['local', { 'max-size': '100MB', compress: 'false' }, 104_857_600n, 3],
    ['journald', { labels: 'a' }, 10_485_760n, 3],
    ['json-file', { 'max-size': '-1' }, 0n, 3],
  ])('%j %j rotates at %s bytes, %s files', (driver, options, maxSizeBytes, maxFiles) => {
    expect(logRotation(parseLogConfig(driver, options))).toEqual({ maxSizeBytes, maxFiles });
  });

  test('none has no log', () => {
    expect(logRotation(parseLogConfig('none', {}))).toBeNull();
  });

  test.each([
    ['syslog', {}, "logger: no log driver named 'syslog' is registered"],
    ['local', { tag: 'x' }, "unknown log opt 'tag' for local log driver"],
    ['json-file', { 'max-size': 'big' }, "invalid size: 'big'"],
    ['json-file', { 'max-size': '0' }, "invalid size: '0'"],
    ['json-file', { 'max-file': '0' }, 'max-file cannot be less than 1'],
    ['json-file', { compress: 'true' }, 'compress=true is not supported'],
    ['local', { compress: '1' }, 'compress=1 is not supported'],
    ['local', { compress: 'banana' }, 'compress=banana is not supported'],
    ['json-file', { mode: 'banana' }, 'logger: logging mode not supported: banana'],
    ['json-file', { 'max-buffer-size': '1m' }, "only supported with 'mode=non-blocking'"],
    ['json-file', { mode: 'non-blocking', 'max-buffer-size': 'x' }, "invalid size: 'x'"],
  ])('%s %j is refused', (driver, options, message) => {
    expect(() => parseLogConfig(driver, options)).toThrow(message);
  });
});

import { expect, test } from '@jest/globals';
import { formatBinarySize, formatSize } from './human-size.ts';

// docker/go-units, and the real docker for 999999.
test.each([
  [0, '0B'],
  [1, '1B'],
  [999, '999B'],
  [1000, '1kB'],
  [1024, '1.02kB'],
  [4_261_550, '4.26MB'],
  [999_999, '1e+03kB'],
  [123_456_789, '123MB'],
  [1e12, '1TB'],
  [5e21, '5ZB'],
])('formatSize(%d) is %s', (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
});

test.each([
  [4_261_550, '4.262MB'],
  [999_999, '1000kB'],
  [123_456_789, '123.5MB'],
  [26_215, '26.21kB'],
])('formatSize(%d, 4) is %s', (bytes, text) => {
  expect(formatSize(bytes, 4)).toBe(text);
});

test.each([
  [1024, '1KiB'],
  [1_000_000, '976.6KiB'],
  [8_345_071_616, '7.772GiB'],
])('formatBinarySize(%d) is %s', (bytes, text) => {
  expect(formatBinarySize(bytes)).toBe(text);
});

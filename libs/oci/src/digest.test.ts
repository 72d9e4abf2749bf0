import { expect, test } from '@jest/globals';
import { digestLike, isDigest, parseDigest, sha256Digest } from './digest.ts';

const EMPTY = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

test('knows the digest of nothing', () => {
  expect(sha256Digest(new Uint8Array())).toBe(EMPTY);
  expect(digestLike(EMPTY, new Uint8Array())).toBe(EMPTY);
  expect(digestLike(`sha512:${'0'.repeat(128)}`, new Uint8Array())).toMatch(/^sha512:cf83e1357eefb8bd/);
});

test('splits a digest', () => {
  expect(parseDigest(EMPTY)).toEqual({ algorithm: 'sha256', hex: EMPTY.slice(7) });
  expect(parseDigest(`sha512:${'a'.repeat(128)}`)).toEqual({ algorithm: 'sha512', hex: 'a'.repeat(128) });
});

test.each([
  ['', 'invalid checksum digest format'],
  ['sha256', 'invalid checksum digest format'],
  ['sha256:', 'invalid checksum digest format'],
  [`sha256:${'a'.repeat(63)}`, 'invalid checksum digest length'],
  [`sha256:${'a'.repeat(65)}`, 'invalid checksum digest length'],
  [`sha256:${'A'.repeat(64)}`, 'invalid checksum digest format'],
  [`sha256:${'../'.repeat(21)}a`, 'invalid checksum digest format'],
  [`sha256:${'a'.repeat(64)}\n`, 'invalid checksum digest format'],
  [`sha1:${'a'.repeat(40)}`, 'unsupported digest algorithm'],
  [`constructor:${'a'.repeat(64)}`, 'unsupported digest algorithm'],
  [`sha256:${'a'.repeat(100_000)}`, 'invalid checksum digest format'],
])('refuses %j', (text, message) => {
  expect(() => parseDigest(text)).toThrow(message);
  expect(isDigest(text)).toBe(false);
});

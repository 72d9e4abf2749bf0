import { describe, expect, test } from '@jest/globals';
import { compatiblePlatforms, formatPlatform, hostPlatform, matchesPlatform, parsePlatform } from './platform.ts';

const host = { os: 'linux', architecture: 'amd64', variant: null };

describe('parsePlatform', () => {
  test.each([
    ['linux/amd64', 'linux/amd64'],
    ['linux/x86_64', 'linux/amd64'],
    ['Linux/AMD64/v1', 'linux/amd64'],
    ['linux/amd64/v3', 'linux/amd64/v3'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/aarch64', 'linux/arm64'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/arm/6', 'linux/arm/v6'],
    ['linux/armhf', 'linux/arm/v7'],
    ['linux/armel', 'linux/arm/v6'],
    ['arm64', 'linux/arm64'],
    ['linux', 'linux/amd64'],
    ['macos/arm64', 'darwin/arm64'],
    ['linux/i386', 'linux/386'],
    ['linux/constructor', 'linux/constructor'],
  ])('%s is %s', (text, formatted) => {
    expect(formatPlatform(parsePlatform(text, host))).toBe(formatted);
  });

  test.each(['', 'a/b/c/d', 'linux//v1', 'linux/../x', 'toaster'])('refuses %j', (text) => {
    expect(() => parsePlatform(text, host)).toThrow(text);
  });
});

describe('compatiblePlatforms', () => {
  const list = (text: string) => compatiblePlatforms(parsePlatform(text)).map(formatPlatform);

  test.each([
    ['linux/amd64', 'linux/amd64 linux/386'],
    ['linux/amd64/v3', 'linux/amd64/v3 linux/amd64/v2 linux/amd64 linux/386'],
    ['linux/arm/v7', 'linux/arm/v7 linux/arm/v6 linux/arm/v5'],
    ['linux/arm64', 'linux/arm64 linux/arm/v8 linux/arm/v7 linux/arm/v6 linux/arm/v5'],
    ['linux/riscv64', 'linux/riscv64'],
  ])('%s runs %s', (text, expected) => {
    expect(list(text).join(' ')).toBe(expected);
  });

  test('arm64 v9 has what its level of v8 has', () => {
    expect(list('linux/arm64/v9.1').slice(0, 9).join(' ')).toBe(
      'linux/arm64/v9.1 linux/arm64/v9 linux/arm64/v8.6 linux/arm64/v8.5 linux/arm64/v8.4 linux/arm64/v8.3 ' +
        'linux/arm64/v8.2 linux/arm64/v8.1 linux/arm64',
    );
  });
});

test('a host runs its own platform, and not another system', () => {
  const { os } = hostPlatform();
  expect(matchesPlatform(hostPlatform(), hostPlatform())).toBe(true);
  expect(matchesPlatform({ ...hostPlatform(), os: os === 'linux' ? 'windows' : 'linux' }, hostPlatform())).toBe(false);
});

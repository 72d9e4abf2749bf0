import { describe, expect, test } from '@jest/globals';
import { createIdPool, parseSubordinateIds } from './id-ranges.ts';

describe('ids set aside', () => {
  const containers = 'root:100000:65536\ncontainers:2147483648:1000000\n';

  test('are those that both files name, Berth’s own first', () => {
    expect(parseSubordinateIds(containers, containers)).toEqual({ first: 2_147_483_648, count: 1_000_000 });
    const berth = `${containers}berth:200000:131072\n`;
    expect(parseSubordinateIds(berth, berth)).toEqual({ first: 200_000, count: 131_072 });
    expect(parseSubordinateIds(berth, containers)).toEqual({ first: 2_147_483_648, count: 1_000_000 });
  });

  test.each([
    ['nothing', ''],
    ['a range that is too small', 'containers:100000:65535'],
    ['root of the host', 'containers:0:65536'],
    ['what lies beyond the last id', 'containers:4294967295:65536'],
    ['what is no number', 'containers:0x100000:65536'],
  ])('are none with %s', (_, text) => {
    expect(parseSubordinateIds(text, text)).toBeNull();
  });
});

describe('a pool of ids', () => {
  test('gives each range to one holder, and the one given back last again', () => {
    const pool = createIdPool({ first: 100_000, count: 3 * 65_536 + 1 });
    const all = [pool.take(), pool.take(), pool.take()];
    expect(all).toEqual([100_000, 165_536, 231_072]);
    expect(() => pool.take()).toThrow('every range of user ids belongs to a container');
    pool.release(165_536);
    expect(pool.take()).toBe(165_536);
  });

  test('does not give what was claimed, nor what overlaps it', () => {
    const pool = createIdPool({ first: 100_000, count: 3 * 65_536 });
    pool.claim(100_001);
    expect(pool.take()).toBe(231_072);
  });
});

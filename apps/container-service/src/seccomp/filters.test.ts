import { expect, test } from '@jest/globals';
import { createMemorySeccompFilters } from '../adapters/memory-host.ts';
import { DEFAULT_CAPABILITIES, maskOf } from '../plan/capabilities.ts';

const filters = createMemorySeccompFilters();
const PROFILE = '{"defaultAction":"SCMP_ACT_LOG"}';

test('the default profile with what Docker gives, and what it does not depend on, is ready', () => {
  const ready = filters.get('', DEFAULT_CAPABILITIES);
  expect(ready).toEqual({ program: Buffer.alloc(8), flags: 4 });
  expect(filters.get('builtin', DEFAULT_CAPABILITIES | maskOf(['CAP_NET_ADMIN']))).toBe(ready);
});

test('every other filter is made once', () => {
  const capabilities = maskOf(['CAP_SYS_ADMIN']);
  const made = filters.get('', capabilities);
  expect(made.program.length).toBeGreaterThan(8);
  expect(filters.get('', capabilities | maskOf(['CAP_NET_ADMIN']))).toBe(made);
  expect(filters.get('', 0n)).not.toBe(made);
  expect(filters.get(PROFILE, 0n)).toBe(filters.get(PROFILE, 0n));
  expect(filters.get(PROFILE, 0n)).not.toBe(filters.get(PROFILE, 1n));
});

test('nothing is loaded for who is unconfined, nor of a profile that says nothing', () => {
  expect(filters.get('unconfined', 0n)).toEqual({ program: Buffer.alloc(0), flags: 0 });
  expect(filters.get('{}', 0n)).toEqual({ program: Buffer.alloc(0), flags: 0 });
});

test('the flags of a profile replace those of the default', () => {
  const flags = (list: string) => filters.get(`{"defaultAction":"SCMP_ACT_LOG","flags":[${list}]}`, 0n).flags;
  expect(filters.get(PROFILE, 0n).flags).toBe(4);
  expect(flags('')).toBe(0);
  expect(flags('"SECCOMP_FILTER_FLAG_LOG","SECCOMP_FILTER_FLAG_TSYNC"')).toBe(3);
});

test('a profile that needs too long a filter is refused', () => {
  const rule = (value: number): object => ({
    names: ['read'],
    action: 'SCMP_ACT_ERRNO',
    args: [{ index: 0, value, op: 'SCMP_CMP_EQ' }],
  });
  const profile = (count: number): string =>
    JSON.stringify({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: Array.from({ length: count }, (_, index) => rule(index)),
    });
  expect(filters.get(profile(500), 0n).program.length).toBeLessThan(4096 * 8);
  expect(() => filters.get(profile(2000), 0n)).toThrow(
    expect.objectContaining({ reason: 'INVALID_ARGUMENT', message: expect.stringContaining('more than the 4096') }),
  );
});

import { expect, test } from '@jest/globals';
import { localDriver } from './local-driver.ts';

test.each([
  [{ mountpoint: '/x' }, 'invalid option: "mountpoint"'],
  [{ device: '/dev/sda' }, 'missing required option: "type"'],
  [{ type: 'ext4' }, 'missing required option: "device"'],
  [{ o: 'ro', type: 'ext4' }, 'missing required option: "device"'],
  [{ size: '10G' }, 'quota size requested but no quota support'],
])('%j is refused in the words of Docker', (options, problem) => {
  expect(() => localDriver.check(options)).toThrow(problem);
});

test('a volume without options is a directory', () => {
  localDriver.check({});
  expect(localDriver.mountOf({})).toBeNull();
});

test('one with options is what mount(8) would mount', () => {
  const options = { type: 'tmpfs', device: 'tmpfs', o: 'size=1m,uid=1000,' };
  localDriver.check(options);
  expect(localDriver.mountOf(options)).toEqual({ type: 'tmpfs', device: 'tmpfs', options: ['size=1m', 'uid=1000'] });
});

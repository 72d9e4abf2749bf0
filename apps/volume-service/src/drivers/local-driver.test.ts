import { expect, test } from '@jest/globals';
import { localDriver } from './local-driver.ts';

test.each([
  [{ mountpoint: '/x' }, 'invalid option: "mountpoint"'],
  [{ device: '/dev/sda' }, 'missing required option: "type"'],
  [{ type: 'ext4' }, 'missing required option: "device"'],
  [{ o: 'ro', type: 'ext4' }, 'missing required option: "device"'],
  [{ size: 'big' }, "invalid size: 'big'"],
  [{ size: '-1' }, "invalid size: '-1'"],
  [{ size: '1m', type: 'ext4', device: '/dev/x' }, 'conflicting options: "size" limits a directory or a tmpfs'],
  [{ size: '1m', type: 'none', o: 'bind', device: '/d' }, 'conflicting options: "size" limits a directory or a tmpfs'],
  [{ size: '1m', type: 'tmpfs', device: 'tmpfs', o: 'size=2m' }, 'conflicting options: "size" is also in "o"'],
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

test.each([
  [undefined, 0],
  ['0', 0],
  ['1000', 1000],
  ['1.5k', 1536],
  ['2MB', 2 << 20],
  ['1GiB', 1 << 30],
])('the size %s is %d bytes', (size, bytes) => {
  expect(localDriver.limitOf(size === undefined ? {} : { size })).toBe(bytes);
});

test('the size of a tmpfs is an option of its mount, and no limit of a directory', () => {
  const options = { type: 'tmpfs', device: 'tmpfs', o: 'uid=7', size: '1m' };
  expect(() => localDriver.check(options)).not.toThrow();
  expect(localDriver.mountOf(options)?.options).toEqual(['uid=7', 'size=1048576']);
  expect(localDriver.limitOf(options)).toBe(0);
});

import { expect, test } from '@jest/globals';
import { MountType } from '@berth/proto/container';
import { parseMount, parseVolume } from './mounts.ts';

const { BIND, VOLUME } = MountType;

test.each([
  ['/anon', VOLUME, '', '/anon', false],
  ['data:/d', VOLUME, 'data', '/d', false],
  ['v:/d', VOLUME, 'v', '/d', false],
  ['data:/d:ro', VOLUME, 'data', '/d', true],
  ['/host:/c:rw,z', BIND, '/host', '/c', false],
  ['.:/c', BIND, '/cwd', '/c', false],
  ['../x:/c:z,ro', BIND, '/x', '/c', true],
])('-v %s', (text, type, source, target, readonly) => {
  expect(parseVolume(text, '/cwd')).toEqual({ type, source, target, readonly });
});

test.each([
  ['', 'invalid empty volume spec'],
  ['a:/b:ro:x', 'invalid volume specification'],
  [':/b', 'invalid volume specification'],
  ['a:/b:fast', "invalid volume specification: 'a:/b:fast': invalid mode: fast"],
])('-v %j is refused', (text, message) => {
  expect(() => parseVolume(text, '/cwd')).toThrow(message);
});

test.each([
  ['type=volume,src=data,dst=/d', VOLUME, 'data', '/d', false],
  ['source=data,target=/d,readonly', VOLUME, 'data', '/d', true],
  ['type=bind,src=./a,destination=/d,ro=true', BIND, '/cwd/a', '/d', true],
])('--mount %s', (text, type, source, target, readonly) => {
  expect(parseMount(text, '/cwd')).toEqual({ type, source, target, readonly });
});

test.each([
  ['type=tmpfs,dst=/d', 'not supported'],
  ['src=a', 'target is required'],
  ['dst=/d,size=1', "unexpected key 'size' in 'size=1'"],
])('--mount %s is refused', (text, message) => {
  expect(() => parseMount(text, '/cwd')).toThrow(message);
});

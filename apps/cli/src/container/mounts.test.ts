import { expect, test } from '@jest/globals';
import { MountType } from '@berth/proto/container';
import { parseMount, parseVolume } from './mounts.ts';

const { BIND, VOLUME } = MountType;

test.each([
  ['/anon', { type: VOLUME, source: '', target: '/anon', readonly: false, tmpfsOptions: '' }],
  ['data:/d', { type: VOLUME, source: 'data', target: '/d', readonly: false, tmpfsOptions: '' }],
  ['v:/d', { type: VOLUME, source: 'v', target: '/d', readonly: false, tmpfsOptions: '' }],
  ['data:/d:ro', { type: VOLUME, source: 'data', target: '/d', readonly: true, tmpfsOptions: '' }],
  ['/host:/c:rw,z', { type: BIND, source: '/host', target: '/c', readonly: false, tmpfsOptions: '' }],
  ['.:/c', { type: BIND, source: '/cwd', target: '/c', readonly: false, tmpfsOptions: '' }],
  ['../x:/c:z,ro', { type: BIND, source: '/x', target: '/c', readonly: true, tmpfsOptions: '' }],
])('-v %s', (text, mount) => {
  expect(parseVolume(text, '/cwd')).toEqual(mount);
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
  ['type=volume,src=data,dst=/d', { type: VOLUME, source: 'data', target: '/d', readonly: false, tmpfsOptions: '' }],
  ['source=data,target=/d,readonly', { type: VOLUME, source: 'data', target: '/d', readonly: true, tmpfsOptions: '' }],
  [
    'type=bind,src=./a,destination=/d,ro=true',
    { type: BIND, source: '/cwd/a', target: '/d', readonly: true, tmpfsOptions: '' },
  ],
])('--mount %s', (text, mount) => {
  expect(parseMount(text, '/cwd')).toEqual(mount);
});

test.each([
  ['type=npipe,dst=/d', 'not supported'],
  ['type=tmpfs,src=/a,dst=/d', 'cannot use source with type tmpfs'],
  ['dst=/d,tmpfs-mode=1777', "cannot mix 'tmpfs-*' options with mount type 'volume'"],
  ['type=tmpfs,dst=/d,tmpfs-size=x', 'invalid value for tmpfs-size: x'],
  ['src=a', 'target is required'],
  ['dst=/d,size=1', "unexpected key 'size' in 'size=1'"],
])('--mount %s is refused', (text, message) => {
  expect(() => parseMount(text, '/cwd')).toThrow(message);
});

import { expect, test } from '@jest/globals';
import { MountType, type MountConfig } from '@berth/proto/container';
import { parseMount } from './mount-option.ts';
import { NO_MOUNT, parseTmpfs, parseVolume } from './mounts.ts';

const { BIND, IMAGE, TMPFS } = MountType;

const volume = (fields: Partial<MountConfig>): MountConfig => ({ ...NO_MOUNT, mode: '', ...fields });
const mount = (fields: Partial<MountConfig>): MountConfig => ({ ...NO_MOUNT, target: '/d', ...fields });

test.each([
  ['/anon', { target: '/anon' }],
  ['data:/d', { source: 'data', target: '/d' }],
  ['v:/d', { source: 'v', target: '/d' }],
  ['data:/d:ro', { source: 'data', target: '/d', readonly: true, mode: 'ro' }],
  ['data:/d:nocopy,z', { source: 'data', target: '/d', noCopy: true, mode: 'nocopy,z' }],
  ['/host:/c:rw,z', { type: BIND, source: '/host', target: '/c', mode: 'rw,z' }],
  [
    '/host:/c:rslave,ro',
    { type: BIND, source: '/host', target: '/c', propagation: 'rslave', readonly: true, mode: 'rslave,ro' },
  ],
  ['.:/c', { type: BIND, source: '/cwd', target: '/c' }],
  ['../x:/c:z,ro', { type: BIND, source: '/x', target: '/c', readonly: true, mode: 'z,ro' }],
])('-v %s', (text, fields) => {
  expect(parseVolume(text, '/cwd')).toEqual(volume(fields));
});

test.each([
  ['', 'invalid empty volume spec'],
  ['a:/b:ro:x', 'invalid spec: a:/b:ro:x: too many colons'],
  [':/b', 'invalid spec: :/b: empty section between colons'],
])('-v %j is refused', (text, message) => {
  expect(() => parseVolume(text, '/cwd')).toThrow(message);
});

test('--tmpfs', () => {
  expect(parseTmpfs('/t:size=1m,ro')).toEqual(volume({ type: TMPFS, target: '/t', tmpfsOptions: 'size=1m,ro' }));
});

test.each([
  ['type=volume,src=data,dst=/d', { source: 'data' }],
  ['source=data,target=/d,readonly', { source: 'data', readonly: true }],
  ['type=bind,src=./a,destination=/d,ro=true', { type: BIND, source: '/cwd/a', readonly: true }],
  ['TYPE=bind,src=a,dst=/d,consistency=cached', { type: BIND, source: 'a' }],
  [
    'type=bind,src=/a,dst=/d,bind-propagation=RSlave,bind-recursive=disabled',
    { type: BIND, source: '/a', propagation: 'rslave', recursion: 'disabled' },
  ],
  ['type=bind,src=/a,dst=/d,bind-recursive=enabled', { type: BIND, source: '/a' }],
  [
    'type=bind,src=/a,dst=/d,ro,bind-recursive=readonly,bind-propagation=rprivate',
    { type: BIND, source: '/a', readonly: true, recursion: 'readonly', propagation: 'rprivate' },
  ],
  ['src=data,dst=/d,volume-subpath=a/b,volume-nocopy', { source: 'data', subpath: 'a/b', noCopy: true }],
  [
    'src=data,dst=/d,volume-label=a=b=c,volume-label=d,volume-driver=local,"volume-opt=o=x,y"',
    { source: 'data', volumeLabels: { a: 'b=c', d: '' }, driver: 'local', driverOptions: { o: 'x,y' } },
  ],
  ['type=image,src=busybox,dst=/d,image-subpath=bin', { type: IMAGE, source: 'busybox', subpath: 'bin' }],
  ['type=tmpfs,dst=/d,tmpfs-size=2k,tmpfs-mode=1770', { type: TMPFS, tmpfsOptions: 'size=2048,mode=1770' }],
])('--mount %s', (text, fields) => {
  expect(parseMount(text, '/cwd')).toEqual(mount(fields));
});

test.each([
  ['', 'EOF'],
  ['"a', 'parse error on line 1, column 3: extraneous or missing " in quoted-field'],
  ['src=a"b,dst=/d', 'parse error on line 1, column 6: bare " in non-quoted-field'],
  ['dst', "invalid field 'dst' must be a key=value pair"],
  ['type=bind,type=,dst=/d', 'type is required'],
  ['src=a', 'target is required'],
  ['dst=/d,ro=maybe', 'invalid value for ro: maybe'],
  ['dst=/d,volume-nocopy=x', 'invalid value for volume-nocopy: x'],
  ['type=bind,dst=/d,bind-nonrecursive', 'bind-nonrecursive is deprecated, use bind-recursive=disabled instead'],
  [
    'type=bind,dst=/d,bind-recursive=x',
    'invalid value for bind-recursive: x (must be "enabled", "disabled", "writable", or "readonly")',
  ],
  [
    'type=bind,dst=/d,bind-recursive=writable',
    "option 'bind-recursive=writable' requires 'readonly' to be specified in conjunction",
  ],
  [
    'type=bind,dst=/d,ro,bind-recursive=readonly',
    "option 'bind-recursive=readonly' requires 'bind-propagation=rprivate' to be specified in conjunction",
  ],
  ['dst=/d,tmpfs-mode=1777', "cannot mix 'tmpfs-*' options with mount type 'volume'"],
  ['type=bind,dst=/d,volume-nocopy', "cannot mix 'volume-*' options with mount type 'bind'"],
  ['type=tmpfs,dst=/d,tmpfs-size=x', 'invalid value for tmpfs-size: x'],
  ['type=tmpfs,dst=/d,tmpfs-mode=9', 'invalid value for tmpfs-mode: 9'],
  ['dst=/d,size=1', "unexpected key 'size' in 'size=1'"],
  ['type=npipe,dst=/d', 'invalid mount type "npipe": must be bind, image, tmpfs or volume'],
])('--mount %j is refused', (text, problem) => {
  expect(parseMount(text, '/cwd')).toBe(problem);
});

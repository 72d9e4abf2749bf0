import { expect, test } from '@jest/globals';
import type { MountPoint } from '../mount.ts';
import { MOUNT_ATTR } from './mount-attributes.ts';
import { hostToResolve, isInMemory, planVolumeMount } from './volume-mount.ts';

function aPoint(fields: Partial<MountPoint> = {}): MountPoint {
  return { type: 'volume', name: 'v', source: '/volumes/v/_data', target: '/d', readonly: false, ...fields };
}

test.each([
  ['bind', { recursive: false }],
  ['rbind', { recursive: true }],
])('a %s is one of the directory', (option, expected) => {
  const mount = { type: 'none', device: '/srv', options: [option, 'ro'] };
  expect(planVolumeMount(aPoint({ mount }), mount, null)).toMatchObject({
    target: '/d',
    source: { kind: 'bind', path: '/srv', copyUp: true, ...expected },
    attributes: MOUNT_ATTR.RDONLY,
  });
});

test('options are those of the mount or of the file system', () => {
  const mount = { type: 'ext4', device: '/disk', options: ['rw', 'noexec', 'nosuid', 'errors=remount-ro', 'sync'] };
  const peer = { stateDir: '/run/other', path: '/there' };
  const point = aPoint({ mount, readonly: true, subpath: 'a/b' });
  expect(planVolumeMount(point, mount, peer)).toEqual({
    target: '/d',
    source: {
      kind: 'volume',
      type: 'ext4',
      device: '/disk',
      options: ['errors=remount-ro', 'sync'],
      copyUp: false,
      subpath: 'a/b',
      peer,
    },
    attributes: MOUNT_ATTR.NOEXEC | MOUNT_ATTR.NOSUID | MOUNT_ATTR.RDONLY,
  });
});

test('memory is told from disks, and hosts by name from addresses', () => {
  const mount = (type: string, ...options: string[]) => ({ type, device: 'd', options });
  expect(['tmpfs', 'ramfs', 'ext4'].map((type) => isInMemory(aPoint({ mount: mount(type) })))).toEqual([
    true,
    true,
    false,
  ]);
  expect(isInMemory(aPoint())).toBe(false);
  expect(hostToResolve(mount('nfs', 'addr=files.example', 'ro'))).toBe('files.example');
  expect(hostToResolve(mount('nfs4', 'addr=192.0.2.1'))).toBeNull();
  expect(hostToResolve(mount('cifs', 'username=u'))).toBeNull();
  expect(hostToResolve(mount('ext4', 'addr=files.example'))).toBeNull();
});

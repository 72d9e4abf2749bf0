import { isIP } from 'node:net';
import type { MountPoint, VolumeMount } from '../mount.ts';
import { bindSource } from './bind-source.ts';
import { MOUNT_ATTR } from './mount-attributes.ts';
import type { MountPlan, VolumePeer } from './plan.ts';

const { RDONLY, NOSUID, NODEV, NOEXEC, NOATIME, STRICTATIME, NODIRATIME } = MOUNT_ATTR;

/** Options of mount(8) that are flags of the mount, or are what it does anyway. All others are the file system's. */
const FLAGS: ReadonlyMap<string, bigint> = new Map([
  ['nosuid', NOSUID],
  ['nodev', NODEV],
  ['noexec', NOEXEC],
  ['noatime', NOATIME],
  ['strictatime', STRICTATIME],
  ['nodiratime', NODIRATIME],
  ['ro', RDONLY],
  ['rw', 0n],
  ['suid', 0n],
  ['dev', 0n],
  ['exec', 0n],
  ['relatime', 0n],
  ['atime', 0n],
  ['diratime', 0n],
  ['defaults', 0n],
]);

/** Tells a volume whose data is in memory: all that have it must have the same. */
export function isInMemory({ mount }: MountPoint): boolean {
  return mount?.type === 'tmpfs' || mount?.type === 'ramfs';
}

/** The name that a network file system is to be looked up by before it can be mounted; null: none. */
export function hostToResolve({ type, options }: VolumeMount): string | null {
  if (!/^(nfs4?|cifs|smb3)$/.test(type)) return null;
  const address = options.find((option) => option.startsWith('addr='))?.slice('addr='.length) ?? '';
  return address === '' || isIP(address) !== 0 ? null : address;
}

/** What a volume with a mount of its own is mounted as. `peer` is a container that has it, when it is in memory. */
export function planVolumeMount(point: MountPoint, mount: VolumeMount, peer: VolumePeer | null): MountPlan {
  const { target, readonly, noCopy, subpath = '' } = point;
  const { type, device, options } = mount;
  const copyUp = noCopy !== true && subpath === '';
  const flags = options.reduce((all, option) => all | (FLAGS.get(option) ?? 0n), readonly ? RDONLY : 0n);
  if (options.includes('bind') || options.includes('rbind')) {
    const source = bindSource(device, { recursive: options.includes('rbind'), copyUp, subpath });
    return { target, source, attributes: flags };
  }
  // Read-only for the file system too: what cannot be written can then be mounted at all.
  const own = options.filter((option) => option === 'ro' || !FLAGS.has(option));
  return { target, source: { kind: 'volume', type, device, options: own, copyUp, subpath, peer }, attributes: flags };
}

import type { MountPoint } from '../container-config.ts';
import type { MountPlan } from './plan.ts';

/** MOUNT_ATTR_* of include/uapi/linux/mount.h. */
export const MOUNT_ATTR = {
  RDONLY: 0x01n,
  NOSUID: 0x02n,
  NODEV: 0x04n,
  NOEXEC: 0x08n,
  STRICTATIME: 0x20n,
} as const;

const { RDONLY, NOSUID, NODEV, NOEXEC, STRICTATIME } = MOUNT_ATTR;
const INERT = NOSUID | NOEXEC | NODEV;

function filesystem(target: string, type: string, attributes: bigint, options: readonly string[] = []): MountPlan {
  return { target, source: { kind: 'filesystem', type, options }, attributes };
}

/** The file systems of every container, in Docker's order. */
const FILESYSTEMS: readonly MountPlan[] = [
  filesystem('/proc', 'proc', INERT),
  filesystem('/dev', 'tmpfs', NOSUID | STRICTATIME, ['mode=755', 'size=65536k']),
  filesystem('/dev/pts', 'devpts', NOSUID | NOEXEC, ['newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5']),
  filesystem('/sys', 'sysfs', INERT | RDONLY),
  filesystem('/sys/fs/cgroup', 'cgroup2', INERT | RDONLY),
  filesystem('/dev/mqueue', 'mqueue', INERT),
  filesystem('/dev/shm', 'tmpfs', INERT, ['mode=1777', 'size=65536k']),
];

/** What starting a container makes in an image that lacks it, relative to the root, parents first. */
export const ENGINE_MOUNT_POINTS: readonly string[] = [
  'proc',
  'dev',
  'sys',
  'etc',
  'etc/resolv.conf',
  'etc/hostname',
  'etc/hosts',
];

/** Where a container's own name files are on the host. */
export interface NameFilePaths {
  readonly resolvConf: string;
  readonly hostname: string;
  readonly hosts: string;
}

/**
 * All mounts of a container, parents before children: the file systems, its name files, then what the user asked for. A mount of the user
 * takes the place of a default one with the same target, and of all that is below it.
 */
export function planMounts(paths: NameFilePaths, mounts: readonly MountPoint[], shmSizeBytes = 0): MountPlan[] {
  const defaults = [
    ...(shmSizeBytes === 0 ? FILESYSTEMS : FILESYSTEMS.map((mount) => withSize(mount, shmSizeBytes))),
    bindFile('/etc/resolv.conf', paths.resolvConf),
    bindFile('/etc/hostname', paths.hostname),
    bindFile('/etc/hosts', paths.hosts),
  ];
  if (mounts.length === 0) return defaults;
  const kept = defaults.filter(({ target }) => !mounts.some((mount) => covers(mount.target, target)));
  return [...kept, ...mounts.map(planMount).sort((a, b) => depth(a.target) - depth(b.target))];
}

function withSize(mount: MountPlan, shmSizeBytes: number): MountPlan {
  if (mount.target !== '/dev/shm') return mount;
  return filesystem(mount.target, 'tmpfs', mount.attributes, ['mode=1777', `size=${shmSizeBytes}`]);
}

function bindFile(target: string, path: string): MountPlan {
  return { target, source: { kind: 'bind', path, recursive: false, copyUp: false }, attributes: 0n };
}

function planMount({ type, source, target, readonly }: MountPoint): MountPlan {
  return {
    target,
    source: { kind: 'bind', path: source, recursive: true, copyUp: type === 'volume' },
    attributes: readonly ? RDONLY : 0n,
  };
}

function covers(mountTarget: string, target: string): boolean {
  return target === mountTarget || target.startsWith(`${mountTarget}/`);
}

function depth(target: string): number {
  return target.split('/').length;
}

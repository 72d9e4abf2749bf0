import { joinedContainer, type IsolationConfig } from '../isolation.ts';
import { bindSource } from './bind-source.ts';
import { MOUNT_ATTR, MOUNT_PROPAGATION } from './mount-attributes.ts';
import type { BindSource, MountPlan, VolumePeer } from './plan.ts';
import { planTmpfs } from './tmpfs.ts';
import { planVolumeMount } from './volume-mount.ts';
import type { MountPoint, MountPropagation, Rootfs } from '../mount.ts';

const { RDONLY, NOSUID, NODEV, NOEXEC, STRICTATIME } = MOUNT_ATTR;
const INERT = NOSUID | NOEXEC | NODEV;

function filesystem(target: string, type: string, attributes: bigint, options: readonly string[] = []): MountPlan {
  return { target, source: { kind: 'filesystem', type, options }, attributes };
}

/** The file systems of a container, in Docker's order. */
function planFilesystems({ privileged, readonlyRoot, writableCgroups }: IsolationConfig): MountPlan[] {
  const open = privileged && !readonlyRoot;
  const access = (writable: boolean) => (writable ? INERT : INERT | RDONLY);
  return [
    filesystem('/proc', 'proc', INERT),
    filesystem('/dev', 'tmpfs', NOSUID | STRICTATIME, ['mode=755', 'size=65536k']),
    filesystem('/dev/pts', 'devpts', NOSUID | NOEXEC, ['newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5']),
    filesystem('/sys', 'sysfs', access(open)),
    filesystem('/sys/fs/cgroup', 'cgroup2', access(writableCgroups ?? open)),
  ];
}

/** /dev/mqueue and /dev/shm belong to an IPC namespace. `join` is the place of the joined container among the joins, -1 for none. */
function planIpcMounts(ipcMode: IsolationConfig['ipcMode'], join: number, shmSizeBytes: number): MountPlan[] {
  const queues = filesystem('/dev/mqueue', 'mqueue', INERT);
  if (ipcMode === 'host') return [queues, bindFile('/dev/shm', '/dev/shm')];
  if (ipcMode === 'none') return [queues];
  if (joinedContainer(ipcMode) === null) {
    return [
      queues,
      filesystem('/dev/shm', 'tmpfs', INERT, [
        'mode=1777',
        shmSizeBytes === 0 ? 'size=65536k' : `size=${shmSizeBytes}`,
      ]),
    ];
  }
  return [queues, { target: '/dev/shm', source: { kind: 'shared', join, path: '/dev/shm' }, attributes: INERT }];
}

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

/** The containers that have volumes which are in memory, by the names of those. */
export type VolumePeers = ReadonlyMap<string, VolumePeer>;

/** What the mounts of a container depend on. */
export interface MountsInput {
  readonly paths: NameFilePaths;
  readonly isolation: IsolationConfig;
  readonly mounts: readonly MountPoint[];
  readonly peers: VolumePeers;
  /** Where the init of `--init` goes, and where it is on the host. */
  readonly init: { readonly path: string; readonly program: string };
  /** The place of the container whose IPC namespace is joined among the joins, -1 for none. */
  readonly ipcJoin: number;
  /** The size of /dev/shm; 0: 64 MiB. */
  readonly shmSizeBytes: number;
}

/**
 * All mounts of a container, parents before children: the file systems, then what the user asked for with the engine's files. A mount of the user
 * takes the place of a default one with the same target, and of the file systems that are below it; the files are mounted over it.
 */
export function planMounts({ paths, isolation, mounts, peers, init, ipcJoin, shmSizeBytes }: MountsInput): MountPlan[] {
  const nameFile = isolation.readonlyRoot ? RDONLY : 0n;
  const filesystems = [...planFilesystems(isolation), ...planIpcMounts(isolation.ipcMode, ipcJoin, shmSizeBytes)];
  const files = [
    bindFile('/etc/resolv.conf', paths.resolvConf, nameFile),
    bindFile('/etc/hostname', paths.hostname, nameFile),
    bindFile('/etc/hosts', paths.hosts, nameFile),
    ...(isolation.init ? [bindFile(init.path, init.program, RDONLY)] : []),
  ];
  return [
    ...filesystems.filter(({ target }) => !mounts.some((mount) => covers(mount.target, target))),
    ...parentsFirst([
      ...files.filter(({ target }) => !mounts.some((mount) => mount.target === target)),
      ...planUserMounts(mounts, peers),
    ]),
  ];
}

/** What the user asked for alone, parents before children. */
export function planUserMounts(mounts: readonly MountPoint[], peers: VolumePeers): MountPlan[] {
  return parentsFirst(mounts.map((mount) => planMount(mount, peers)));
}

function parentsFirst(mounts: MountPlan[]): MountPlan[] {
  return mounts.sort((a, b) => depth(a.target) - depth(b.target));
}

function bindFile(target: string, path: string, attributes = 0n): MountPlan {
  return { target, source: bindSource(path, { recursive: false }), attributes };
}

function planMount(mount: MountPoint, peers: VolumePeers): MountPlan {
  const { type, source, target, readonly, subpath = '', tmpfsOptions = '' } = mount;
  const attributes = readonly ? RDONLY : 0n;
  switch (type) {
    case 'tmpfs':
      return planTmpfs(target, readonly ? `${tmpfsOptions},ro` : tmpfsOptions);
    case 'volume':
      if (mount.mount !== undefined) return planVolumeMount(mount, mount.mount, peers.get(mount.name) ?? null);
      // A part of a volume is not filled: what is there is the user's choice.
      return {
        target,
        source: bindSource(source, { subpath, copyUp: mount.noCopy !== true && subpath === '' }),
        attributes,
      };
    case 'bind':
      return { target, source: planBind(mount), attributes };
    case 'image':
      return { target, source: { kind: 'image', rootfs: layersOf(mount), subpath }, attributes };
  }
}

function planBind({ source, recursion = 'enabled', propagation = 'rprivate' }: MountPoint): BindSource {
  return bindSource(source, {
    recursive: recursion !== 'disabled',
    attributesOnTop: recursion === 'writable',
    propagation: propagationOf(propagation),
  });
}

function propagationOf(propagation: MountPropagation): bigint {
  if (propagation.endsWith('shared')) return MOUNT_PROPAGATION.SHARED;
  return propagation.endsWith('slave') ? MOUNT_PROPAGATION.SLAVE : 0n;
}

function layersOf({ rootfs, source }: MountPoint): Rootfs {
  if (rootfs === undefined) throw new Error(`mount of the image ${source} without its layers`);
  return rootfs;
}

function covers(mountTarget: string, target: string): boolean {
  return target === mountTarget || target.startsWith(`${mountTarget}/`);
}

function depth(target: string): number {
  return target.split('/').length;
}

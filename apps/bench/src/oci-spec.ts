import type { OciSeccomp } from './oci-seccomp.ts';

/** The capabilities that Docker gives. */
export const CAPABILITIES: readonly string[] = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'SETGID',
  'SETUID',
  'SETPCAP',
  'NET_BIND_SERVICE',
  'NET_RAW',
  'SYS_CHROOT',
  'MKNOD',
  'AUDIT_WRITE',
  'SETFCAP',
].map((name) => `CAP_${name}`);
const INERT = ['nosuid', 'noexec', 'nodev'];
const MASKED = ['acpi', 'asound', 'interrupts', 'kcore', 'keys', 'latency_stats', 'sched_debug', 'scsi', 'timer_list'];
const READ_ONLY = ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'].map((name) => `/proc/${name}`);

/** A runtime spec as Docker writes it, for a command in `rootfs` with a network namespace of its own. */
export function dockerLikeSpec(seccomp: OciSeccomp, args: readonly string[]): object {
  return {
    ociVersion: '1.0.2',
    process: {
      args,
      cwd: '/',
      env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      user: { uid: 0, gid: 0, additionalGids: [0] },
      capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
    },
    root: { path: 'rootfs' },
    hostname: 'bench',
    mounts: [
      mount('/proc', 'proc', INERT),
      mount('/dev', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']),
      mount('/dev/pts', 'devpts', ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5']),
      mount('/sys', 'sysfs', [...INERT, 'ro']),
      mount('/sys/fs/cgroup', 'cgroup', [...INERT, 'ro']),
      mount('/dev/mqueue', 'mqueue', INERT),
      mount('/dev/shm', 'tmpfs', [...INERT, 'mode=1777', 'size=65536k']),
    ],
    linux: {
      namespaces: ['mount', 'network', 'uts', 'pid', 'ipc', 'cgroup'].map((type) => ({ type })),
      maskedPaths: [...MASKED.map((name) => `/proc/${name}`), '/sys/devices/virtual/powercap', '/sys/firmware'],
      readonlyPaths: READ_ONLY,
      resources: { devices: [{ allow: false, access: 'rwm' }] },
      seccomp,
    },
  };
}

function mount(destination: string, type: string, options: readonly string[]) {
  return { destination, type, source: type, options };
}

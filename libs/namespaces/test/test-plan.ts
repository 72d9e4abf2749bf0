import type { BindMount, Cgroup, Mount, Process, StartContainer, StartExec } from '@berth/proto/native';

/** The CLONE_NEW* flags of a container with everything of its own: ns, cgroup, uts, ipc, pid, net. */
export const ALL_NAMESPACES = 0x00020000n | 0x02000000n | 0x04000000n | 0x08000000n | 0x20000000n | 0x40000000n;

const CLONE_NEWUSER = 0x10000000n;

/** MOUNT_ATTR_* */
const RDONLY = 0x1;
const NOSUID = 0x2;
const NODEV = 0x4;
const NOEXEC = 0x8;
const STRICTATIME = 0x20;

const DEVICES = [
  ['null', 3],
  ['zero', 5],
  ['full', 7],
  ['random', 8],
  ['urandom', 9],
] as const;

/** Docker's fourteen default capabilities. */
export const DEFAULT_CAPABILITIES = 0xa80425fbn;

export function filesystem(target: string, type: string, attributes = 0, options: string[] = []): Mount {
  return { target, attributes: BigInt(attributes), source: { $case: 'filesystem', value: { type, options } } };
}

/** How a bind differs from a recursive, writable one. */
interface BindOptions extends Partial<BindMount> {
  readonly?: boolean;
}

const PLAIN_BIND = { subpath: '', propagation: 0n, attributesOnTop: false };

export function bind(
  source: string,
  target: string,
  { readonly = false, recursive = true, copyUp = false, ...more }: BindOptions = {},
): Mount {
  return {
    target,
    attributes: readonly ? BigInt(RDONLY) : 0n,
    source: { $case: 'bind', value: { ...PLAIN_BIND, ...more, source, recursive, copyUp } },
  };
}

export const DEFAULT_MOUNTS: readonly Mount[] = [
  filesystem('/proc', 'proc', NOSUID | NODEV | NOEXEC),
  filesystem('/dev', 'tmpfs', NOSUID | STRICTATIME, ['mode=755', 'size=65536k']),
  filesystem('/dev/pts', 'devpts', NOSUID | NOEXEC, ['newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5']),
  filesystem('/sys', 'sysfs', RDONLY | NOSUID | NODEV | NOEXEC),
  filesystem('/dev/mqueue', 'mqueue', NOSUID | NODEV | NOEXEC),
  filesystem('/dev/shm', 'tmpfs', NOSUID | NODEV | NOEXEC, ['mode=1777', 'size=65536k']),
];

/** A process of root with the default capabilities. */
export function planProcess(args: string[], changes: Partial<Process> = {}): Process {
  return {
    arguments: args,
    environment: ['PATH=/usr/bin:/bin', 'HOME=/root'],
    workingDirectory: '/',
    createWorkingDirectory: true,
    userId: 0,
    groupId: 0,
    additionalGroupIds: [0],
    capabilities: {
      bounding: DEFAULT_CAPABILITIES,
      effective: DEFAULT_CAPABILITIES,
      permitted: DEFAULT_CAPABILITIES,
      inheritable: 0n,
      ambient: 0n,
    },
    noNewPrivileges: false,
    seccompFilter: Buffer.alloc(0),
    seccompFlags: 0,
    apparmorProfile: '',
    terminal: false,
    terminalSize: undefined,
    resourceLimits: [],
    umask: 0o022,
    ...changes,
  };
}

/** A directory in the cgroup2 tree, with changes. */
export function planCgroup(unifiedDir: string, changes: Partial<Cgroup> = {}): Cgroup {
  return { unifiedDir, legacy: [], values: [], deviceRules: [], deviceProgram: false, noted: false, ...changes };
}

/** The directories that a plan uses on the host. */
export interface PlanPlaces {
  readonly id: string;
  readonly stateDir: string;
  readonly layersDir: string;
  readonly lowerDirs: string[];
  readonly upperDir: string;
  readonly workDir: string;
  readonly unifiedDir: string;
  readonly logPath: string;
}

/** A user namespace of 65,536 ids from this one on. */
export const FIRST_ID = 2 ** 30;

/** A plan with a user namespace of its own. */
export function withUserNamespace(plan: StartContainer, storageDir: string): StartContainer {
  const userNamespace = { firstId: FIRST_ID, count: 65_536, storageDir };
  return { ...plan, namespaceFlags: plan.namespaceFlags | CLONE_NEWUSER, userNamespace };
}

/** A plan as container-service makes it, without network and seccomp. */
export function planContainer(
  places: PlanPlaces,
  process: Process,
  changes: Partial<StartContainer> = {},
): StartContainer {
  return {
    containerId: places.id,
    stateDir: places.stateDir,
    namespaceFlags: ALL_NAMESPACES,
    nameServer: '',
    rootfs: {
      layersDir: places.layersDir,
      lowerDirs: places.lowerDirs,
      upperDir: places.upperDir,
      workDir: places.workDir,
      readonly: false,
    },
    joins: [],
    publication: undefined,
    mounts: [...DEFAULT_MOUNTS],
    devices: DEVICES.map(([name, minor]) => ({
      path: `/dev/${name}`,
      mode: 0o020666,
      major: 1,
      minor,
      userId: 0,
      groupId: 0,
    })),
    symlinks: [
      { path: '/dev/fd', target: '/proc/self/fd' },
      { path: '/dev/ptmx', target: 'pts/ptmx' },
      { path: '/dev/stdout', target: '/proc/self/fd/1' },
    ],
    maskedPaths: ['/proc/kcore', '/proc/keys', '/proc/acpi', '/proc/scsi', '/sys/firmware', '/proc/absent'],
    readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger', '/absent'],
    sysctls: [{ path: 'net/ipv4/ip_unprivileged_port_start', value: '0' }],
    processFiles: [],
    process,
    hostname: 'test',
    network: undefined,
    furtherNetworks: [],
    cgroup: planCgroup(places.unifiedDir),
    log: { path: places.logPath, maxSizeBytes: 0n, maxFiles: 1 },
    openStdin: false,
    stdinOnce: false,
    loopback: true,
    detached: false,
    rootfsFollows: false,
    userNamespace: undefined,
    ...changes,
  };
}

/** A plan for a further process in a container. */
export function planExec(places: PlanPlaces, stateDir: string, process: Process): StartExec {
  return {
    containerId: places.id,
    stateDir,
    containerStateDir: places.stateDir,
    process,
    cgroup: planCgroup(places.unifiedDir),
    openStdin: false,
    detached: false,
    userNamespace: undefined,
  };
}

/** A filter that refuses one call with EPERM. */
export function planFilter(call: 'unshare'): Pick<Process, 'seccompFilter' | 'seccompFlags'> {
  const number = { x64: { unshare: 272 }, arm64: { unshare: 97 } }[process.arch as 'x64' | 'arm64'][call];
  const instructions = [
    [0x20, 0, 0, 0], // load the number of the call
    [0x15, 0, 1, number], // goes on when it is this one
    [0x06, 0, 0, 0x0005_0001], // SECCOMP_RET_ERRNO | EPERM
    [0x06, 0, 0, 0x7fff_0000], // SECCOMP_RET_ALLOW
  ] as const;
  const seccompFilter = Buffer.alloc(instructions.length * 8);
  instructions.forEach(([code, whenTrue, whenFalse, value], index) => {
    seccompFilter.writeUInt16LE(code, index * 8);
    seccompFilter.writeUInt8(whenTrue, index * 8 + 2);
    seccompFilter.writeUInt8(whenFalse, index * 8 + 3);
    seccompFilter.writeUInt32LE(value, index * 8 + 4);
  });
  return { seccompFilter, seccompFlags: 4 };
}

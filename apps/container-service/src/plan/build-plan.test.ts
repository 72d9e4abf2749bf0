import { describe, expect, test } from '@jest/globals';
import { aConfig, aSpec } from '../adapters/memory-engine.ts';
import { createMemoryHostDevices, UNIFIED_LAYOUT, createMemorySeccompFilters } from '../adapters/memory-host.ts';
import type { ContainerConfig } from '../container-config.ts';
import { newContainer } from '../container.ts';
import { DEFAULT_ISOLATION } from '../isolation.ts';
import { createPlanBuilder } from './build-plan.ts';
import { CLONE } from './namespaces.ts';
import type { ContainerPlan, InterfacePlan, MountPlan } from './plan.ts';
import type { MountPoint } from '../mount.ts';

const ID = 'ab'.repeat(32);
const identity = { userId: 0, groupId: 0, groupIds: [0], home: '/root' };
const network: InterfacePlan = {
  hostName: 'bvabababababa',
  name: 'eth0',
  bridge: 'berth0',
  mtu: 0,
  isolated: false,
  kind: '',
  mode: 0,
  flags: 0,
  linkLocalAddresses: [],
  sysctls: [],
  address: '172.17.0.2',
  prefixLength: 16,
  address6: '',
  prefixLength6: 0,
  gateway6: '',
  gateway: '172.17.0.1',
  hardwareAddress: '02:42:ac:11:00:02',
};
const files = { resolvConf: '/s/resolv.conf', hostname: '/s/hostname', hosts: '/s/hosts', log: '/s/container.log' };
const builder = createPlanBuilder({
  seccomp: createMemorySeccompFilters(),
  apparmor: { enabled: false, isLoaded: () => false, load: () => false },
  initProgram: '/berth-init',
  table: 'berth',
  cgroups: { layout: () => UNIFIED_LAYOUT, engineDir: '/sys/fs/cgroup/berth' },
  hostDevices: createMemoryHostDevices(),
  thermalCpus: [0, 1],
});

function aContainer(config: Partial<ContainerConfig> = {}, mounts: MountPoint[] = []) {
  return newContainer(
    aSpec({
      id: ID,
      config: aConfig(config),
      environment: ['A=1'],
      workingDirectory: '/srv',
      hostname: 'abababababab',
      mounts,
    }),
  );
}

function aPlan(config: Partial<ContainerConfig> = {}, mounts: MountPoint[] = []) {
  const input = {
    identity,
    joins: [],
    peers: new Map(),
    interfaces: [network],
    nameServer: '',
    stateDir: '/run/c',
    files,
    terminalSize: null,
    detached: false,
  };
  return builder.container(aContainer(config, mounts), input);
}

describe('the plan of a container has the defaults of Docker', () => {
  test('fourteen capabilities', () => {
    // What /proc/self/status shows as CapEff in a container of Docker.
    expect(aPlan().process.capabilities).toBe(0xa804_25fbn);
  });

  test('namespaces', () => {
    const flags = aPlan().namespaceFlags;
    const { NEWUSER, ...own } = CLONE;
    for (const flag of Object.values(own)) expect(flags & flag).toBe(flag);
    expect(flags & NEWUSER).toBe(0n);
    expect(aPlan({ networkMode: 'host' }).namespaceFlags & CLONE.NEWNET).toBe(0n);
  });

  test('file systems, in order', () => {
    const mounts = aPlan().mounts.map(({ target, source, attributes }) => [
      target,
      source.kind === 'filesystem' ? [source.type, ...source.options].join(' ') : 'path' in source && source.path,
      attributes,
    ]);
    expect(mounts).toEqual([
      ['/proc', 'proc', 0xen],
      ['/dev', 'tmpfs mode=755 size=65536k', 0x22n],
      ['/dev/pts', 'devpts newinstance ptmxmode=0666 mode=0620 gid=5', 0xan],
      ['/sys', 'sysfs', 0xfn],
      ['/sys/fs/cgroup', 'cgroup2', 0xfn],
      ['/dev/mqueue', 'mqueue', 0xen],
      ['/dev/shm', 'tmpfs mode=1777 size=65536k', 0xen],
      ['/etc/resolv.conf', '/s/resolv.conf', 0n],
      ['/etc/hostname', '/s/hostname', 0n],
      ['/etc/hosts', '/s/hosts', 0n],
    ]);
  });

  test('devices and links', () => {
    const { devices, symlinks } = aPlan();
    expect(devices.map(({ path, major, minor }) => `${path} ${major}:${minor}`)).toEqual([
      '/dev/null 1:3',
      '/dev/zero 1:5',
      '/dev/full 1:7',
      '/dev/random 1:8',
      '/dev/urandom 1:9',
      '/dev/tty 5:0',
    ]);
    expect(devices.every(({ mode }) => mode === 0o020666)).toBe(true);
    expect(symlinks.map(({ path, target }) => `${path} ${target}`)).toEqual([
      '/dev/fd /proc/self/fd',
      '/dev/stdin /proc/self/fd/0',
      '/dev/stdout /proc/self/fd/1',
      '/dev/stderr /proc/self/fd/2',
      '/dev/core /proc/kcore',
      '/dev/ptmx pts/ptmx',
    ]);
  });

  test('hidden and read-only paths', () => {
    const { maskedPaths, readonlyPaths } = aPlan();
    expect(maskedPaths).toEqual([
      ...['acpi', 'asound', 'interrupts', 'kcore', 'keys', 'latency_stats', 'sched_debug', 'scsi'].map(
        (n) => `/proc/${n}`,
      ),
      '/proc/timer_list',
      '/proc/timer_stats',
      '/sys/devices/virtual/powercap',
      '/sys/firmware',
      '/sys/devices/system/cpu/cpu0/thermal_throttle',
      '/sys/devices/system/cpu/cpu1/thermal_throttle',
    ]);
    expect(readonlyPaths).toEqual(['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'].map((name) => `/proc/${name}`));
  });

  test('sysctls, in a network of its own only', () => {
    expect(aPlan().sysctls).toEqual([
      { path: 'net/ipv4/ip_unprivileged_port_start', value: '0' },
      { path: 'net/ipv4/ping_group_range', value: '0 2147483647' },
    ]);
    expect(aPlan({ networkMode: 'none' }).sysctls).toHaveLength(2);
    expect(aPlan({ networkMode: 'host' }).sysctls).toEqual([]);
  });
});

const PLAIN_BIND = {
  kind: 'bind',
  recursive: true,
  copyUp: false,
  subpath: '',
  propagation: 0n,
  attributesOnTop: false,
};

function mountAt(target: string, { mounts }: ContainerPlan): MountPlan | undefined {
  return mounts.find((mount) => mount.target === target);
}

describe('the plan of a container', () => {
  test('names its cgroup and its interface after its id', () => {
    expect(aPlan().cgroup.unifiedDir).toBe(`/sys/fs/cgroup/berth/containers/${ID}`);
    expect(aPlan().network).toEqual(network);
    expect(builder.hostInterface(ID, 'eth0')).toBe('bvabababababa');
    expect(builder.hostInterface(ID, 'eth1')).toMatch(/^bv(?!abab)[0-9a-f]{11}$/);
  });

  test('has the environment of its process', () => {
    expect(aPlan({ terminal: true }).process.environment).toEqual([
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'HOSTNAME=abababababab',
      'TERM=xterm',
      'A=1',
      'HOME=/root',
    ]);
  });

  test('sets no_new_privs only when asked', () => {
    expect([aPlan().process.noNewPrivileges, aPlan({ noNewPrivileges: true }).process.noNewPrivileges]).toEqual([
      false,
      true,
    ]);
  });

  test('mounts what the user asked for last, parents first, and copies into volumes', () => {
    const mounts = aPlan({}, [
      { type: 'bind', name: '', source: '/host', target: '/a/b/c', readonly: true },
      { type: 'volume', name: 'v', source: '/volumes/v/_data', target: '/a', readonly: false },
    ]).mounts.filter(({ target }) => target.startsWith('/a'));
    expect(mounts).toEqual([
      { target: '/a', source: { ...PLAIN_BIND, path: '/volumes/v/_data', copyUp: true }, attributes: 0n },
      { target: '/a/b/c', source: { ...PLAIN_BIND, path: '/host' }, attributes: 1n },
    ]);
  });

  test.each([
    ['bind', { recursion: 'disabled' }, { recursive: false }],
    ['bind', { recursion: 'writable' }, { attributesOnTop: true }],
    ['bind', { recursion: 'readonly' }, {}],
    ['bind', { propagation: 'slave' }, { propagation: BigInt(1 << 19) }],
    ['bind', { propagation: 'rshared' }, { propagation: BigInt(1 << 20) }],
    ['volume', { noCopy: true }, {}],
    ['volume', { subpath: 'a/b' }, { subpath: 'a/b' }],
    ['volume', {}, { copyUp: true }],
  ] as const)('a %s with %j', (type, settings, expected) => {
    const point = { type, name: '', source: '/s', target: '/t', readonly: true, ...settings };
    expect(mountAt('/t', aPlan({}, [point]))?.source).toEqual({ ...PLAIN_BIND, path: '/s', ...expected });
  });

  test('an image, read-only', () => {
    const rootfs = { layersDir: '/layers', lowerDirs: ['1'], upperDir: '/u', workDir: '/w' };
    const point = { type: 'image', name: 'sha256:1', source: 'app', target: '/t', readonly: true, rootfs } as const;
    const source = { kind: 'image', rootfs, subpath: '' };
    expect(mountAt('/t', aPlan({}, [point]))).toEqual({ target: '/t', source, attributes: 1n });
  });

  test('a mount of the user takes the place of a default, and of what is below it', () => {
    const targets = aPlan({}, [
      { type: 'bind', name: '', source: '/host', target: '/etc/hosts', readonly: false },
      { type: 'bind', name: '', source: '/sys', target: '/sys', readonly: true },
    ]).mounts.map(({ target }) => target);
    expect(targets.filter((target) => target === '/etc/hosts' || target.startsWith('/sys'))).toEqual([
      '/sys',
      '/etc/hosts',
    ]);
  });

  test('the files of the engine are mounted over what the user mounts above them', () => {
    const above = (target: string) => ({ type: 'bind', name: '', source: '/host', target, readonly: false }) as const;
    const plan = aPlan({ isolation: { ...DEFAULT_ISOLATION, init: true } }, [above('/etc'), above('/sbin')]);
    const targets = plan.mounts.map(({ target }) => target);
    expect(targets.slice(targets.indexOf('/etc'))).toEqual([
      ...['/etc', '/sbin'],
      ...['/etc/resolv.conf', '/etc/hostname', '/etc/hosts', '/sbin/docker-init'],
    ]);
  });
});

test.each([
  [{}, 0x0fn],
  [{ privileged: true }, 0x0en],
  [{ privileged: true, readonlyRoot: true }, 0x0fn],
  [{ writableCgroups: true }, 0x0en],
  [{ privileged: true, writableCgroups: false }, 0x0fn],
])('the control groups of a container with %j are mounted with %d', (isolation, attributes) => {
  const { mounts } = aPlan({ isolation: { ...DEFAULT_ISOLATION, ...isolation } });
  expect(mounts.find(({ target }) => target === '/sys/fs/cgroup')).toMatchObject({ attributes });
});

test('the plan of a container with a user namespace has its ids, and what the kernel takes there', () => {
  const container = {
    ...aContainer({ userNamespaceMode: 'auto' }),
    firstUserId: 100_000,
    rootfs: { layersDir: '/state/layers', lowerDirs: ['a'], upperDir: '/state/s/1/upper', workDir: '/state/s/1/work' },
  };
  const input = {
    identity,
    joins: [],
    peers: new Map(),
    interfaces: [network],
    nameServer: '',
    stateDir: '/run/c',
    files,
    terminalSize: null,
    detached: false,
  };
  const plan = builder.container(container, input);
  expect(plan.userNamespace).toEqual({ firstId: 100_000, count: 65_536, storageDir: '/state' });
  expect(plan.namespaceFlags & CLONE.NEWUSER).toBe(CLONE.NEWUSER);
  expect(plan.sysctls).toContainEqual({ path: 'net/ipv4/ping_group_range', value: '0 65535' });
});

test('the plan of an exec has the container’s environment below its own, and makes no directory', () => {
  const plan = builder.exec(aContainer({ noNewPrivileges: true }), {
    stateDir: '/run/c/x/1',
    containerStateDir: '/run/c',
    arguments: ['ls'],
    environment: ['A=2'],
    workingDirectory: '/tmp',
    identity,
    privileged: false,
    terminal: false,
    terminalSize: null,
    openStdin: true,
    detached: false,
  });
  expect(plan.process).toMatchObject({
    environment: expect.arrayContaining(['A=2', 'HOME=/root']),
    createWorkingDirectory: false,
    noNewPrivileges: true,
    capabilities: 0xa804_25fbn,
  });
  expect(plan.process.environment).not.toContain('A=1');
});

import { constants } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { createMemoryHostDevices, UNIFIED_LAYOUT } from '../adapters/memory-host.ts';
import { parseCgroupMounts } from '../adapters/host-cgroups.ts';
import { NO_LIMITS, type Resources } from '../resources.ts';
import type { CgroupLayout } from './cgroup-layout.ts';
import { weightOfShares } from './cgroup-values.ts';
import { planCgroups } from './cgroups.ts';
import { blockNumbers, planDevices, type PlannedDevices } from './devices.ts';

const HYBRID: CgroupLayout = {
  unifiedMount: '/cg/unified',
  unified: [],
  legacy: { cpu: '/cg/cpu', cpuset: '/cg/cpuset', io: '/cg/blkio', memory: '/cg/memory', pids: '/cg/pids' },
  weightFile: 'blkio.bfq.weight',
};
const host = createMemoryHostDevices();

function plan(layout: CgroupLayout, resources: Partial<Resources>, access: PlannedDevices['access'] = 'default') {
  const settings = { layout: () => layout, engineDir: `${layout.unifiedMount}/berth` };
  return planCgroups('id', { ...NO_LIMITS, ...resources }, settings, access, (path) => blockNumbers(path, host));
}

function lines(values: readonly { path: string; value: string }[]): string[] {
  return values.map(({ path, value }) => `${path} ${value}`);
}

const LIMITS: Partial<Resources> = {
  memoryBytes: 100,
  memorySwapBytes: 300,
  memoryReservationBytes: 50,
  nanoCpus: 1_500_000_000,
  cpuShares: 2048,
  cpusetCpus: '0',
  pidsLimit: 7,
  blkioWeight: 505,
  deviceReadBps: [{ path: '/dev/disk', rate: 1000 }],
  deviceWriteIops: [{ path: '/dev/disk', rate: 5 }],
};

describe('limits', () => {
  test('are values of the one directory with cgroup v2', () => {
    const { values, legacy, noted } = plan(UNIFIED_LAYOUT, LIMITS);
    expect(lines(values)).toEqual([
      'cpu.weight 174',
      'cpu.max 150000 100000',
      'cpuset.cpus 0',
      'io.weight 5000',
      'io.max 8:0 rbps=1000',
      'io.max 8:0 wiops=5',
      'memory.max 100',
      'memory.swap.max 200',
      'memory.low 50',
      'pids.max 7',
    ]);
    expect([legacy, noted]).toEqual([[], false]);
  });

  test('are directories of their own with cgroup v1, which the helper notes', () => {
    const { values, legacy, noted } = plan(HYBRID, LIMITS);
    expect([values, noted]).toEqual([[], true]);
    expect(legacy.map(({ dir, values: each }) => [dir, ...lines(each)])).toEqual([
      ['/cg/cpu/berth/id', 'cpu.shares 2048', 'cpu.cfs_period_us 100000', 'cpu.cfs_quota_us 150000'],
      ['/cg/cpuset/berth/id', 'cpuset.cpus 0'],
      [
        '/cg/blkio/berth/id',
        'blkio.bfq.weight 505',
        'blkio.throttle.read_bps_device 8:0 1000',
        'blkio.throttle.write_iops_device 8:0 5',
      ],
      [
        '/cg/memory/berth/id',
        'memory.limit_in_bytes 100',
        'memory.memsw.limit_in_bytes 300',
        'memory.soft_limit_in_bytes 50',
      ],
      ['/cg/pids/berth/id', 'pids.max 7'],
    ]);
  });

  test('without one no hierarchy is joined', () => {
    expect(plan(HYBRID, {})).toMatchObject({ unifiedDir: '/cg/unified/berth/containers/id', legacy: [], noted: false });
  });

  test('no limit at all is one too', () => {
    const { values } = plan(UNIFIED_LAYOUT, { memoryBytes: 9, memorySwapBytes: -1, pidsLimit: 0, cpuQuota: -1 });
    expect(lines(values)).toEqual(['cpu.max max 100000', 'memory.max 9', 'memory.swap.max max', 'pids.max max']);
  });

  test('shares become weights on a curve', () => {
    expect([2, 512, 1024, 2048, 262_144].map(weightOfShares)).toEqual([1, 59, 100, 174, 10_000]);
  });

  test('a parent of the user’s is the same in every tree, and has the device rules of its own', () => {
    expect(plan(HYBRID, { cgroupParent: '/mine', pidsLimit: 1 })).toMatchObject({
      unifiedDir: '/cg/unified/mine/id',
      legacy: [{ dir: '/cg/pids/mine/id' }],
      deviceProgram: true,
      noted: true,
    });
  });
});

describe('devices', () => {
  const wishes = { mappings: [], rules: [], all: false };

  test('a directory brings all of its devices, and its rules', () => {
    const mappings = [{ hostPath: '/dev/snd', containerPath: '/dev/sound', permissions: 'rw' }];
    const { nodes, access } = planDevices({ ...wishes, mappings, rules: ['a *:* m', 'b 8:* r'] }, host);
    expect(nodes.slice(0, 2).map(({ path, minor }) => [path, minor])).toEqual([
      ['/dev/sound/0', 0],
      ['/dev/sound/1', 1],
    ]);
    expect(access).toEqual([
      { type: constants.S_IFCHR, major: 116, minor: 0, access: 6 },
      { type: constants.S_IFCHR, major: 116, minor: 1, access: 6 },
      { type: 0, major: -1, minor: -1, access: 1 },
      { type: constants.S_IFBLK, major: 8, minor: -1, access: 2 },
    ]);
    expect(plan(UNIFIED_LAYOUT, {}, access)).toMatchObject({
      unifiedDir: '/cgroup/berth/apart/id',
      deviceProgram: true,
    });
  });

  test('all devices need no program', () => {
    const { nodes, access } = planDevices({ ...wishes, all: true }, host);
    expect(nodes.map(({ path }) => path)).toEqual(expect.arrayContaining(['/dev/disk', '/dev/snd/1', '/dev/null']));
    expect(plan(UNIFIED_LAYOUT, {}, access)).toMatchObject({
      unifiedDir: '/cgroup/berth/apart/id',
      deviceProgram: false,
    });
  });

  test.each(['/dev/absent', '/dev/file'])('%s is told', (hostPath) => {
    const mappings = [{ hostPath, containerPath: hostPath, permissions: 'r' }];
    expect(() => planDevices({ ...wishes, mappings }, host)).toThrow(
      `error gathering device information while adding custom device "${hostPath}": `,
    );
  });
});

test('the mounts of control groups are found', () => {
  const text =
    'cgroup /cg/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0\ncgroup /cg/blkio cgroup rw,blkio 0 0\ncgroup2 /cg/u cgroup2 rw 0 0\n';
  expect(parseCgroupMounts(text)).toEqual({
    unifiedMount: '/cg/u',
    legacy: { cpu: '/cg/cpu,cpuacct', io: '/cg/blkio' },
  });
});

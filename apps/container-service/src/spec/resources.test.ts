import { describe, expect, test } from '@jest/globals';
import { HOST_RESOURCES } from '../adapters/memory-host.ts';
import type { LimitFeature } from '../plan/cgroup-layout.ts';
import { NO_LIMITS, type Resources } from '../resources.ts';
import { checkResources } from './resources.ts';
import { resolveSysctls } from './sysctls.ts';
import { updateResources } from './update-resources.ts';

const MIB = 2 ** 20;

function check(resources: Partial<Resources>, missing: LimitFeature[] = []) {
  const host = { ...HOST_RESOURCES, missing: new Set(missing) };
  return checkResources({ ...NO_LIMITS, ...resources }, host, { update: false });
}

describe('limits are refused in moby’s words', () => {
  test.each<[string, Partial<Resources>]>([
    ['Minimum memory limit allowed is 6MB', { memoryBytes: 6 * MIB - 1 }],
    [
      'Minimum memoryswap limit should be larger than memory limit, see usage',
      { memoryBytes: 9 * MIB, memorySwapBytes: 8 * MIB },
    ],
    ['You should always set the Memory limit when using Memoryswap limit, see usage', { memorySwapBytes: 8 * MIB }],
    ['Minimum memory reservation allowed is 6MB', { memoryReservationBytes: 1 }],
    [
      'Minimum memory limit can not be less than memory reservation limit, see usage',
      { memoryBytes: 8 * MIB, memoryReservationBytes: 9 * MIB },
    ],
    ['Invalid value: 101, valid memory swappiness range is 0-100', { memorySwappiness: 101 }],
    ['range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available', { nanoCpus: 2_000_000_001 }],
    ['Conflicting options: Nano CPUs and CPU Period cannot both be set', { nanoCpus: 1, cpuPeriod: 1000 }],
    ['Conflicting options: Nano CPUs and CPU Quota cannot both be set', { nanoCpus: 1, cpuQuota: 1000 }],
    ['CPU cfs quota can not be less than 1ms (i.e. 1000)', { cpuQuota: 999 }],
    ['CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)', { cpuPeriod: 999 }],
    ['Requested CPUs are not available - requested 0-2, available: 0-1', { cpusetCpus: '0-2' }],
    ['Requested memory nodes are not available - requested 1, available: 0', { cpusetMems: '1' }],
    ['Invalid value 1- for cpuset cpus: failed to parse 1-', { cpusetCpus: '1-' }],
    ['Range of blkio weight is from 10 to 1000', { blkioWeight: 9 }],
    ['SHM size can not be less than 0', { shmSizeBytes: -1 }],
    ['invalid ulimit type: files', { ulimits: [{ name: 'files', soft: 1, hard: 1 }] }],
    ['invalid cgroup parent: /a/../b', { cgroupParent: '/a/../b' }],
  ])('%s', (message, resources) => {
    expect(() => check(resources)).toThrow(message);
  });
});

describe('limits that can be', () => {
  test('memory bounds swap to as much again, unless told', () => {
    expect(check({ memoryBytes: 8 * MIB }).resources.memorySwapBytes).toBe(16 * MIB);
    expect(check({ memoryBytes: 8 * MIB, memorySwapBytes: -1 }).resources.memorySwapBytes).toBe(-1);
  });

  test('what the kernel cannot do is left out, with a warning', () => {
    const wanted = { memoryBytes: 8 * MIB, memorySwappiness: 1, oomKillDisable: true, pidsLimit: 5, cpusetCpus: '0' };
    const { resources, warnings } = check(wanted, ['swap', 'swappiness', 'oom-kill-disable', 'pids', 'cpuset']);
    expect(resources).toEqual({ ...NO_LIMITS, memoryBytes: 8 * MIB });
    expect(warnings).toEqual([
      'Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap.',
      'Your kernel does not support memory swappiness capabilities or the cgroup is not mounted. Memory swappiness discarded.',
      'Your kernel does not support OomKillDisable. OomKillDisable discarded.',
      'Your kernel does not support PIDs limit capabilities or the cgroup is not mounted. PIDs limit discarded.',
      'Your kernel does not support cpuset or the cgroup is not mounted. Cpuset discarded.',
    ]);
  });
});

describe('an update', () => {
  const before: Resources = { ...NO_LIMITS, memoryBytes: 8 * MIB, memorySwapBytes: 16 * MIB, nanoCpus: 1e9 };

  test('leaves what it does not name, and what cannot change', () => {
    const update = { ...NO_LIMITS, memoryBytes: 9 * MIB, pidsLimit: -1, shmSizeBytes: 1, cgroupParent: '/x' };
    expect(updateResources(before, update)).toEqual({ ...before, memoryBytes: 9 * MIB, pidsLimit: -1 });
  });

  test.each<[string, Partial<Resources>]>([
    ['Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set', { cpuQuota: 5000 }],
    ['Memory limit should be smaller than already set memoryswap limit', { memoryBytes: 17 * MIB }],
  ])('%s', (message, update) => {
    expect(() => updateResources(before, { ...NO_LIMITS, ...update })).toThrow(message);
  });
});

describe('kernel parameters', () => {
  const own = { network: true, ipc: true, uts: true };

  test('become paths', () => {
    const sysctls = { 'net.core.somaxconn': '1', 'fs.mqueue.msg_max': '2', 'kernel.domainname': 'x' };
    expect(resolveSysctls(sysctls, own)).toEqual([
      { path: 'net/core/somaxconn', value: '1' },
      { path: 'fs/mqueue/msg_max', value: '2' },
      { path: 'kernel/domainname', value: 'x' },
    ]);
  });

  test.each([
    ['kernel.core_pattern', own, 'is not in a separate kernel namespace'],
    ['kernel.hostname', own, 'conflicts with the OCI "hostname" field'],
    ['net.ipv4.ip_forward', { ...own, network: false }, 'not allowed in host network namespace'],
    ['kernel.sem', { ...own, ipc: false }, 'is not allowed in the hosts ipc namespace'],
    ['net/../kernel/core_pattern', own, 'is not allowed'],
    ['net..kernel', own, 'is not allowed'],
    ['net./../kernel.core_pattern', own, 'is not allowed'],
  ])('%s is refused', (name, namespaces, message) => {
    expect(() => resolveSysctls({ [name]: '1' }, namespaces)).toThrow(message);
  });
});

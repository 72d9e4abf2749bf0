import { BerthError } from '@berth/errors';
import type { HostResources, LimitFeature } from '../plan/cgroup-layout.ts';
import { isUlimitName } from '../plan/ulimits.ts';
import type { Resources } from '../resources.ts';
import { isSubset } from './cpuset.ts';

/** Limits that can be set, and what the user should know of those that cannot. */
export interface CheckedResources {
  readonly resources: Resources;
  readonly warnings: readonly string[];
}

const MIN_MEMORY = 6 * 1024 * 1024;
const NOT_MOUNTED = 'or the cgroup is not mounted';

/** Moby's rules and words (daemon/daemon_unix.go), in its order. Throws INVALID_ARGUMENT. `update`: of a container that exists. */
export function checkResources(
  wanted: Resources,
  host: HostResources,
  { update }: { update: boolean },
): CheckedResources {
  const warnings: string[] = [];
  let resources = update ? wanted : adapt(wanted);

  /** Takes a limit away, with a warning, that is wanted but that the kernel cannot set. */
  function discard(feature: LimitFeature, isWanted: boolean, change: Partial<Resources>, warning: string | null): void {
    if (!isWanted || !host.missing.has(feature)) return;
    if (warning !== null) warnings.push(warning);
    resources = { ...resources, ...change };
  }

  checkMemory();
  checkCpu();
  checkCpuset();
  checkIo();
  checkUlimits(resources);
  refuse(resources.shmSizeBytes < 0, 'SHM size can not be less than 0');
  refuse(/(^|\/)\.\.(\/|$)|\0|\n/.test(resources.cgroupParent), `invalid cgroup parent: ${resources.cgroupParent}`);
  return { resources, warnings };

  function checkMemory(): void {
    refuse(resources.memoryBytes !== 0 && resources.memoryBytes < MIN_MEMORY, 'Minimum memory limit allowed is 6MB');
    const kernel = 'Your kernel does not support';
    discard(
      'memory',
      resources.memoryBytes > 0,
      { memoryBytes: 0, memorySwapBytes: 0 },
      `${kernel} memory limit capabilities ${NOT_MOUNTED}. Limitation discarded.`,
    );
    discard(
      'swap',
      resources.memoryBytes > 0 && resources.memorySwapBytes !== -1,
      { memorySwapBytes: 0 },
      `${kernel} swap limit capabilities ${NOT_MOUNTED}. Memory limited without swap.`,
    );
    const { memoryBytes, memorySwapBytes, memoryReservationBytes } = resources;
    refuse(
      memoryBytes > 0 && memorySwapBytes > 0 && memorySwapBytes < memoryBytes,
      'Minimum memoryswap limit should be larger than memory limit, see usage',
    );
    refuse(
      memoryBytes === 0 && memorySwapBytes > 0 && !update,
      'You should always set the Memory limit when using Memoryswap limit, see usage',
    );
    discard(
      'swappiness',
      resources.memorySwappiness !== null,
      { memorySwappiness: null },
      `${kernel} memory swappiness capabilities ${NOT_MOUNTED}. Memory swappiness discarded.`,
    );
    const swappiness = resources.memorySwappiness ?? 0;
    refuse(swappiness < 0 || swappiness > 100, `Invalid value: ${swappiness}, valid memory swappiness range is 0-100`);
    discard(
      'reservation',
      memoryReservationBytes > 0,
      { memoryReservationBytes: 0 },
      `${kernel} memory soft limit capabilities ${NOT_MOUNTED}. Limitation discarded.`,
    );
    const reservation = resources.memoryReservationBytes;
    refuse(reservation > 0 && reservation < MIN_MEMORY, 'Minimum memory reservation allowed is 6MB');
    refuse(
      memoryBytes > 0 && reservation > memoryBytes,
      'Minimum memory limit can not be less than memory reservation limit, see usage',
    );
    discard(
      'oom-kill-disable',
      resources.oomKillDisable,
      { oomKillDisable: false },
      `${kernel} OomKillDisable. OomKillDisable discarded.`,
    );
    if (resources.oomKillDisable && memoryBytes === 0) {
      warnings.push(
        'OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.',
      );
    }
    const hasPidsLimit = (resources.pidsLimit ?? 0) > 0;
    discard(
      'pids',
      resources.pidsLimit !== null,
      { pidsLimit: null },
      hasPidsLimit ? `${kernel} PIDs limit capabilities ${NOT_MOUNTED}. PIDs limit discarded.` : null,
    );
  }

  function checkCpu(): void {
    const { nanoCpus, cpuPeriod, cpuQuota, cpuShares } = resources;
    refuse(nanoCpus > 0 && cpuPeriod > 0, 'Conflicting options: Nano CPUs and CPU Period cannot both be set');
    refuse(nanoCpus > 0 && cpuQuota > 0, 'Conflicting options: Nano CPUs and CPU Quota cannot both be set');
    refuse(
      nanoCpus > 0 && host.missing.has('quota'),
      `NanoCPUs can not be set, as your kernel does not support CPU CFS scheduler ${NOT_MOUNTED}`,
    );
    // Only who asks for a limit needs the host's files read.
    if (nanoCpus !== 0) checkRange(nanoCpus, host.cpus);
    discard(
      'shares',
      cpuShares > 0,
      { cpuShares: 0 },
      `Your kernel does not support CPU shares ${NOT_MOUNTED}. Shares discarded.`,
    );
    discard(
      'quota',
      cpuPeriod !== 0 || cpuQuota !== 0,
      { cpuPeriod: 0, cpuQuota: 0 },
      'Your kernel does not support CPU CFS scheduler. CPU period/quota discarded.',
    );
    const { cpuPeriod: period, cpuQuota: quota } = resources;
    refuse(
      period !== 0 && (period < 1000 || period > 1_000_000),
      'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)',
    );
    refuse(quota > 0 && quota < 1000, 'CPU cfs quota can not be less than 1ms (i.e. 1000)');
  }

  function checkCpuset(): void {
    discard(
      'cpuset',
      resources.cpusetCpus !== '' || resources.cpusetMems !== '',
      { cpusetCpus: '', cpusetMems: '' },
      `Your kernel does not support cpuset ${NOT_MOUNTED}. Cpuset discarded.`,
    );
    const { cpusetCpus, cpusetMems } = resources;
    if (cpusetCpus !== '') checkSet(cpusetCpus, host.cpusetCpus, { name: 'cpuset cpus', what: 'CPUs' });
    if (cpusetMems !== '') checkSet(cpusetMems, host.cpusetMems, { name: 'cpuset mems', what: 'memory nodes' });
  }

  function checkIo(): void {
    const kernel = 'Your kernel does not support';
    const { blkioWeight, blkioWeightDevices } = resources;
    discard(
      'weight',
      blkioWeight > 0,
      { blkioWeight: 0 },
      `${kernel} Block I/O weight ${NOT_MOUNTED}. Weight discarded.`,
    );
    const weight = resources.blkioWeight;
    refuse(weight > 0 && (weight < 10 || weight > 1000), 'Range of blkio weight is from 10 to 1000');
    discard(
      'weight-device',
      blkioWeightDevices.length > 0,
      { blkioWeightDevices: [] },
      `${kernel} Block I/O weight_device ${NOT_MOUNTED}. Weight-device discarded.`,
    );
    const rates = [
      ['deviceReadBps', 'BPS Block I/O read limit', 'Block I/O BPS read limit'],
      ['deviceWriteBps', 'BPS Block I/O write limit', 'Block I/O BPS write limit'],
      ['deviceReadIops', 'IOPS Block read limit', 'Block I/O IOPS read limit'],
      ['deviceWriteIops', 'IOPS Block write limit', 'Block I/O IOPS write limit'],
    ] as const;
    for (const [key, what, limit] of rates) {
      const warning = `${kernel} ${what} ${NOT_MOUNTED}. ${limit} discarded.`;
      discard('throttle', resources[key].length > 0, { [key]: [] }, warning);
    }
  }
}

/** Memory alone limits swap to as much again. */
function adapt(resources: Resources): Resources {
  const { memoryBytes, memorySwapBytes } = resources;
  return memoryBytes > 0 && memorySwapBytes === 0 ? { ...resources, memorySwapBytes: memoryBytes * 2 } : resources;
}

function checkRange(nanoCpus: number, cpus: number): void {
  refuse(
    nanoCpus < 0 || nanoCpus > cpus * 1e9,
    `range of CPUs is from 0.01 to ${cpus}.00, as there are only ${cpus} CPUs available`,
  );
}

function checkSet(wanted: string, available: string, { name, what }: { name: string; what: string }): void {
  const fits = isSubset(wanted, available);
  refuse(fits === null, `Invalid value ${wanted} for ${name}: failed to parse ${wanted}`);
  refuse(fits === false, `Requested ${what} are not available - requested ${wanted}, available: ${available}`);
}

function checkUlimits({ ulimits }: Resources): void {
  for (const { name, soft, hard } of ulimits) {
    refuse(!isUlimitName(name), `invalid ulimit type: ${name}`);
    const above = hard >= 0 && (soft < 0 || soft > hard);
    refuse(above, `ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`);
  }
}

function refuse(isWrong: boolean, message: string): void {
  if (isWrong) throw new BerthError('INVALID_ARGUMENT', message);
}

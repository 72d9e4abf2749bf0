import type { DeviceRate, Resources } from '../resources.ts';
import type { CgroupLayout, Controller } from './cgroup-layout.ts';
import type { FileValue } from './plan.ts';

/** The `major:minor` of a block device by its path. Throws when it is none. */
export type BlockNumbers = (path: string) => string;

/** What a controller's files get, in both versions of cgroups. */
interface LimitValues {
  readonly v1: readonly FileValue[];
  readonly v2: readonly FileValue[];
}

const CPU_PERIOD_US = 100_000;

/** The values that limits put into the files of each controller that they need. */
export function limitValues(
  resources: Resources,
  layout: CgroupLayout,
  blockNumbers: BlockNumbers,
): Map<Controller, LimitValues> {
  const all: [Controller, LimitValues][] = [
    ['cpu', cpuValues(resources)],
    ['cpuset', cpusetValues(resources)],
    ['io', ioValues(resources, layout, blockNumbers)],
    ['memory', memoryValues(resources)],
    ['pids', pidsValues(resources)],
  ];
  return new Map(all.filter(([, { v1, v2 }]) => v1.length > 0 || v2.length > 0));
}

function value(path: string, text: string | number): FileValue {
  return { path, value: String(text) };
}

function when(condition: boolean, ...values: FileValue[]): FileValue[] {
  return condition ? values : [];
}

function cpuValues({ cpuShares, cpuPeriod, cpuQuota, nanoCpus }: Resources): LimitValues {
  const period = cpuPeriod || CPU_PERIOD_US;
  const quota = nanoCpus > 0 ? Math.trunc((nanoCpus * CPU_PERIOD_US) / 1e9) : cpuQuota;
  const limited = quota !== 0 || cpuPeriod !== 0;
  const max = `${quota > 0 ? quota : 'max'} ${period}`;
  return {
    v1: [
      ...when(cpuShares > 0, value('cpu.shares', cpuShares)),
      ...when(limited, value('cpu.cfs_period_us', period)),
      ...when(quota !== 0, value('cpu.cfs_quota_us', quota)),
    ],
    v2: [
      ...when(cpuShares > 0, value('cpu.weight', weightOfShares(cpuShares))),
      ...when(limited, value('cpu.max', max)),
    ],
  };
}

/** Shares of 2, 1024 and 262144 become weights of 1, 100 and 10000, and those between lie on a curve, as in runc 1.3.2 and crun 1.23. */
export function weightOfShares(shares: number): number {
  if (shares <= 2) return 1;
  if (shares >= 262_144) return 10_000;
  const log = Math.log2(shares);
  return Math.ceil(10 ** ((log * log + 125 * log) / 612 - 7 / 34));
}

function cpusetValues({ cpusetCpus, cpusetMems }: Resources): LimitValues {
  const values = [
    ...when(cpusetCpus !== '', value('cpuset.cpus', cpusetCpus)),
    ...when(cpusetMems !== '', value('cpuset.mems', cpusetMems)),
  ];
  return { v1: values, v2: values };
}

function memoryValues(resources: Resources): LimitValues {
  const { memoryBytes, memorySwapBytes, memoryReservationBytes, memorySwappiness, oomKillDisable } = resources;
  const swapOnly = memorySwapBytes < 0 ? 'max' : memorySwapBytes - memoryBytes;
  return {
    v1: [
      ...when(memoryBytes !== 0, value('memory.limit_in_bytes', memoryBytes)),
      ...when(memorySwapBytes !== 0, value('memory.memsw.limit_in_bytes', memorySwapBytes)),
      ...when(memoryReservationBytes !== 0, value('memory.soft_limit_in_bytes', memoryReservationBytes)),
      ...when(memorySwappiness !== null, value('memory.swappiness', memorySwappiness ?? 0)),
      ...when(oomKillDisable, value('memory.oom_control', 1)),
    ],
    v2: [
      ...when(memoryBytes !== 0, value('memory.max', memoryBytes < 0 ? 'max' : memoryBytes)),
      ...when(memorySwapBytes !== 0, value('memory.swap.max', swapOnly)),
      ...when(memoryReservationBytes !== 0, value('memory.low', memoryReservationBytes)),
    ],
  };
}

function pidsValues({ pidsLimit }: Resources): LimitValues {
  if (pidsLimit === null) return { v1: [], v2: [] };
  const values = [value('pids.max', pidsLimit > 0 ? pidsLimit : 'max')];
  return { v1: values, v2: values };
}

function ioValues(resources: Resources, { weightFile }: CgroupLayout, blockNumbers: BlockNumbers): LimitValues {
  const { blkioWeight, blkioWeightDevices, deviceReadBps, deviceWriteBps, deviceReadIops, deviceWriteIops } = resources;
  const weight = (given: number): number => (weightFile === 'io.weight' ? ioWeight(given) : given);
  const weights = [
    ...when(blkioWeight > 0, value(weightFile ?? '', weight(blkioWeight))),
    ...blkioWeightDevices.map(({ path, rate }) =>
      value(weightDeviceFile(weightFile), `${blockNumbers(path)} ${weight(rate)}`),
    ),
  ];
  const legacy = (file: string, rates: readonly DeviceRate[]): FileValue[] =>
    rates.map(({ path, rate }) => value(`blkio.throttle.${file}_device`, `${blockNumbers(path)} ${rate}`));
  const unified = (key: string, rates: readonly DeviceRate[]): FileValue[] =>
    rates.map(({ path, rate }) => value('io.max', `${blockNumbers(path)} ${key}=${rate === 0 ? 'max' : rate}`));
  return {
    v1: [
      ...weights,
      ...legacy('read_bps', deviceReadBps),
      ...legacy('write_bps', deviceWriteBps),
      ...legacy('read_iops', deviceReadIops),
      ...legacy('write_iops', deviceWriteIops),
    ],
    v2: [
      ...weights,
      ...unified('rbps', deviceReadBps),
      ...unified('wbps', deviceWriteBps),
      ...unified('riops', deviceReadIops),
      ...unified('wiops', deviceWriteIops),
    ],
  };
}

/** 10 to 1000 becomes 1 to 10000, linearly, as in runc. */
function ioWeight(weight: number): number {
  return Math.trunc(1 + ((weight - 10) * 9999) / 990);
}

/** bfq in v1 and CFQ have a file of their own for devices, cgroup v2 has one for both. */
function weightDeviceFile(weightFile: CgroupLayout['weightFile']): string {
  return weightFile?.startsWith('blkio') === true ? `${weightFile}_device` : (weightFile ?? '');
}

// The options for limits and devices: those that `run`, `create` and `update` share, and those that only a new container has.
import type { ContainerConfig, Resources } from '@berth/proto/container';
import { CliError } from '../cli-error.ts';
import type { Options, OptionValues } from '../options/option.ts';
import {
  checkDeviceRule,
  checkOf,
  checkSysctl,
  parseBps,
  parseBytes,
  parseCpus,
  parseDevice,
  parseGpus,
  parseIops,
  parseSwap,
  parseUlimit,
  parseWeight,
  valueOf,
} from './resource-values.ts';

const CPU_PERIOD = 'Limit CPU CFS (Completely Fair Scheduler) period';
const CPU_QUOTA = 'Limit CPU CFS (Completely Fair Scheduler) quota';

/** The limits that can also be changed later. */
export const UPDATE_OPTIONS = {
  'blkio-weight': {
    kind: 'int',
    valueName: 'uint16',
    help: 'Block IO (relative weight), between 10 and 1000, or 0 to disable',
    defaultText: '0',
    check: (text) => (/^[0-9]{1,5}$/.test(text) ? undefined : `strconv.ParseUint: parsing "${text}": invalid syntax`),
  },
  'cpu-period': { kind: 'int', help: CPU_PERIOD },
  'cpu-quota': { kind: 'int', help: CPU_QUOTA },
  'cpu-shares': { kind: 'int', short: 'c', help: 'CPU shares (relative weight)' },
  cpus: { kind: 'string', valueName: 'decimal', help: 'Number of CPUs', check: checkOf(parseCpus) },
  'cpuset-cpus': { kind: 'string', help: 'CPUs in which to allow execution (0-3, 0,1)' },
  'cpuset-mems': { kind: 'string', help: 'MEMs in which to allow execution (0-3, 0,1)' },
  memory: { kind: 'string', short: 'm', valueName: 'bytes', help: 'Memory limit', check: checkOf(parseBytes) },
  'memory-reservation': {
    kind: 'string',
    valueName: 'bytes',
    help: 'Memory soft limit',
    check: checkOf(parseBytes),
  },
  'memory-swap': {
    kind: 'string',
    valueName: 'bytes',
    help: "Swap limit equal to memory plus swap: '-1' to enable unlimited swap",
    check: checkOf(parseSwap),
  },
  'pids-limit': { kind: 'int', help: 'Tune container pids limit (set -1 for unlimited)' },
} as const satisfies Options;

/** All limits and devices of a new container. */
export const RESOURCE_OPTIONS = {
  ...UPDATE_OPTIONS,
  'blkio-weight-device': {
    kind: 'list',
    help: 'Block IO weight (relative device weight)',
    defaultText: '[]',
    check: checkOf(parseWeight),
  },
  'cgroup-parent': { kind: 'string', help: 'Optional parent cgroup for the container' },
  device: { kind: 'list', help: 'Add a host device to the container', check: checkOf(parseDevice) },
  'device-cgroup-rule': {
    kind: 'list',
    help: 'Add a rule to the cgroup allowed devices list',
    check: checkDeviceRule,
  },
  'device-read-bps': {
    kind: 'list',
    help: 'Limit read rate (bytes per second) from a device',
    defaultText: '[]',
    check: checkOf(parseBps),
  },
  'device-read-iops': {
    kind: 'list',
    help: 'Limit read rate (IO per second) from a device',
    defaultText: '[]',
    check: checkOf(parseIops),
  },
  'device-write-bps': {
    kind: 'list',
    help: 'Limit write rate (bytes per second) to a device',
    defaultText: '[]',
    check: checkOf(parseBps),
  },
  'device-write-iops': {
    kind: 'list',
    help: 'Limit write rate (IO per second) to a device',
    defaultText: '[]',
    check: checkOf(parseIops),
  },
  gpus: {
    kind: 'list',
    valueName: 'gpu-request',
    help: "GPU devices to add to the container ('all' to pass all GPUs)",
    check: checkOf(parseGpus),
  },
  'memory-swappiness': {
    kind: 'int',
    help: 'Tune container memory swappiness (0 to 100)',
    defaultText: '-1',
  },
  'oom-kill-disable': { kind: 'flag', help: 'Disable OOM Killer' },
  'oom-score-adj': { kind: 'int', help: "Tune host's OOM preferences (-1000 to 1000)" },
  'shm-size': { kind: 'string', valueName: 'bytes', help: 'Size of /dev/shm', check: checkOf(parseBytes) },
  sysctl: {
    kind: 'list',
    valueName: 'map',
    help: 'Sysctl options',
    defaultText: 'map[]',
    check: checkSysctl,
  },
  ulimit: {
    kind: 'list',
    valueName: 'ulimit',
    help: 'Ulimit options',
    defaultText: '[]',
    check: checkOf(parseUlimit),
  },
} as const satisfies Options;

/** The limits that the options of an update ask for; the others are left as they are. */
export function updateResources(options: OptionValues<typeof UPDATE_OPTIONS>): Resources {
  const bytes = (text: string | undefined): bigint => (text === undefined ? 0n : valueOf(parseBytes(text)));
  const pidsLimit = options['pids-limit'];
  return {
    memoryBytes: bytes(options.memory),
    memorySwapBytes: options['memory-swap'] === undefined ? 0n : valueOf(parseSwap(options['memory-swap'])),
    memoryReservationBytes: bytes(options['memory-reservation']),
    memorySwappiness: undefined,
    nanoCpus: options.cpus === undefined ? 0n : valueOf(parseCpus(options.cpus)),
    cpuShares: BigInt(options['cpu-shares'] ?? 0),
    cpuPeriod: BigInt(options['cpu-period'] ?? 0),
    cpuQuota: BigInt(options['cpu-quota'] ?? 0),
    cpusetCpus: options['cpuset-cpus'] ?? '',
    cpusetMems: options['cpuset-mems'] ?? '',
    pidsLimit: pidsLimit === undefined ? undefined : BigInt(pidsLimit),
    blkioWeight: options['blkio-weight'] ?? 0,
    blkioWeightDevices: [],
    deviceReadBps: [],
    deviceWriteBps: [],
    deviceReadIops: [],
    deviceWriteIops: [],
    ulimits: [],
    shmSizeBytes: 0n,
    oomKillDisable: false,
    cgroupParent: '',
  };
}

type ResourceFields = Pick<
  ContainerConfig,
  'resources' | 'sysctls' | 'oomScoreAdj' | 'devices' | 'deviceCgroupRules' | 'deviceRequests'
>;

/** The limits and devices that the options ask for. */
export function resourceFields(options: OptionValues<typeof RESOURCE_OPTIONS>): ResourceFields {
  const swappiness = options['memory-swappiness'] ?? -1;
  if (swappiness < -1 || swappiness > 100) {
    throw new CliError(`invalid value: ${swappiness}. Valid memory swappiness range is 0-100`, 125);
  }
  return {
    resources: {
      ...updateResources(options),
      memorySwappiness: swappiness === -1 ? undefined : swappiness,
      blkioWeightDevices: options['blkio-weight-device'].map((text) => valueOf(parseWeight(text))),
      deviceReadBps: options['device-read-bps'].map((text) => valueOf(parseBps(text))),
      deviceWriteBps: options['device-write-bps'].map((text) => valueOf(parseBps(text))),
      deviceReadIops: options['device-read-iops'].map((text) => valueOf(parseIops(text))),
      deviceWriteIops: options['device-write-iops'].map((text) => valueOf(parseIops(text))),
      ulimits: options.ulimit.map((text) => valueOf(parseUlimit(text))),
      shmSizeBytes: options['shm-size'] === undefined ? 0n : valueOf(parseBytes(options['shm-size'])),
      oomKillDisable: options['oom-kill-disable'],
      cgroupParent: options['cgroup-parent'] ?? '',
    },
    sysctls: Object.fromEntries(options.sysctl.map(splitPair)),
    oomScoreAdj: options['oom-score-adj'] ?? 0,
    devices: options.device.map((text) => valueOf(parseDevice(text))),
    deviceCgroupRules: options['device-cgroup-rule'],
    deviceRequests: options.gpus.map((text) => valueOf(parseGpus(text))),
  };
}

function splitPair(text: string): [string, string] {
  const equals = text.indexOf('=');
  return [text.slice(0, equals), text.slice(equals + 1)];
}

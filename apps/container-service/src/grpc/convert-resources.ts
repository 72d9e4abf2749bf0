import type {
  DeviceMapping as ProtoDevice,
  DeviceRate as ProtoRate,
  Resources as ProtoResources,
} from '@berth/proto/container';
import { BerthError } from '@berth/errors';
import { NO_LIMITS, type DeviceMapping, type DeviceRate, type Resources } from '../resources.ts';

/** Limits from the wire. Throws INVALID_ARGUMENT for a number that is not exact here, beyond 2^53. */
export function fromProtoResources(resources: ProtoResources | undefined): Resources {
  if (resources === undefined) return NO_LIMITS;
  return {
    memoryBytes: toNumber(resources.memoryBytes),
    memorySwapBytes: toNumber(resources.memorySwapBytes),
    memoryReservationBytes: toNumber(resources.memoryReservationBytes),
    memorySwappiness: resources.memorySwappiness ?? null,
    nanoCpus: toNumber(resources.nanoCpus),
    cpuShares: toNumber(resources.cpuShares),
    cpuPeriod: toNumber(resources.cpuPeriod),
    cpuQuota: toNumber(resources.cpuQuota),
    cpusetCpus: resources.cpusetCpus,
    cpusetMems: resources.cpusetMems,
    pidsLimit: resources.pidsLimit === undefined ? null : toNumber(resources.pidsLimit),
    blkioWeight: resources.blkioWeight,
    blkioWeightDevices: resources.blkioWeightDevices.map(fromProtoRate),
    deviceReadBps: resources.deviceReadBps.map(fromProtoRate),
    deviceWriteBps: resources.deviceWriteBps.map(fromProtoRate),
    deviceReadIops: resources.deviceReadIops.map(fromProtoRate),
    deviceWriteIops: resources.deviceWriteIops.map(fromProtoRate),
    ulimits: resources.ulimits.map(({ name, soft, hard }) => ({ name, soft: toNumber(soft), hard: toNumber(hard) })),
    shmSizeBytes: toNumber(resources.shmSizeBytes),
    oomKillDisable: resources.oomKillDisable,
    cgroupParent: resources.cgroupParent,
  };
}

/** Limits for the wire. */
export function toProtoResources(resources: Resources): ProtoResources {
  return {
    ...resources,
    memoryBytes: BigInt(resources.memoryBytes),
    memorySwapBytes: BigInt(resources.memorySwapBytes),
    memoryReservationBytes: BigInt(resources.memoryReservationBytes),
    memorySwappiness: resources.memorySwappiness ?? undefined,
    nanoCpus: BigInt(resources.nanoCpus),
    cpuShares: BigInt(resources.cpuShares),
    cpuPeriod: BigInt(resources.cpuPeriod),
    cpuQuota: BigInt(resources.cpuQuota),
    pidsLimit: resources.pidsLimit === null ? undefined : BigInt(resources.pidsLimit),
    blkioWeightDevices: resources.blkioWeightDevices.map(toProtoRate),
    deviceReadBps: resources.deviceReadBps.map(toProtoRate),
    deviceWriteBps: resources.deviceWriteBps.map(toProtoRate),
    deviceReadIops: resources.deviceReadIops.map(toProtoRate),
    deviceWriteIops: resources.deviceWriteIops.map(toProtoRate),
    ulimits: resources.ulimits.map(({ name, soft, hard }) => ({ name, soft: BigInt(soft), hard: BigInt(hard) })),
    shmSizeBytes: BigInt(resources.shmSizeBytes),
  };
}

/** A device from the wire, with what goes without saying. */
export function fromProtoDevice({ hostPath, containerPath, permissions }: ProtoDevice): DeviceMapping {
  return { hostPath, containerPath: containerPath || hostPath, permissions: permissions || 'rwm' };
}

function fromProtoRate({ path, rate }: ProtoRate): DeviceRate {
  return { path, rate: toNumber(rate) };
}

function toProtoRate({ path, rate }: DeviceRate): ProtoRate {
  return { path, rate: BigInt(rate) };
}

function toNumber(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new BerthError('INVALID_ARGUMENT', `${value} is out of range`);
  return number;
}

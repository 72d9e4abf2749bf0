import type { ContainerStats } from '@berth/proto/container';
import type { Measurement } from '../measure-containers.ts';
import { toTimestamp } from './convert.ts';

/** A measurement for the wire. */
export function toProtoStats({ timeNs, ...measured }: Measurement): ContainerStats {
  return {
    id: measured.id,
    name: measured.name,
    time: toTimestamp(timeNs),
    cpuNanos: toCount(measured.cpuNanos),
    cpuPercent: measured.cpuPercent,
    memoryBytes: toCount(measured.memoryBytes),
    memoryLimitBytes: toCount(measured.memoryLimitBytes),
    networkReceiveBytes: toCount(measured.networkReceiveBytes),
    networkTransmitBytes: toCount(measured.networkTransmitBytes),
    blockReadBytes: toCount(measured.blockReadBytes),
    blockWriteBytes: toCount(measured.blockWriteBytes),
    pids: toCount(measured.pids),
  };
}

/** Counters of the kernel that were read one after the other may make a difference negative. */
function toCount(value: number): bigint {
  return BigInt(Math.max(0, Math.trunc(value)));
}

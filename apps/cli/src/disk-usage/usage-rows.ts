import { ContainerStatus, type Container } from '@berth/proto/container';
import { formatSize } from '../format/human-size.ts';
import type { Row, RowFormat } from '../format/rows.ts';
import type { DiskUsage, MeasuredVolume } from './measure-disk.ts';

const PRECISION = 4;
const ACTIVE: readonly ContainerStatus[] = [
  ContainerStatus.RUNNING,
  ContainerStatus.PAUSED,
  ContainerStatus.RESTARTING,
];

export const USAGE_FORMAT: RowFormat = {
  typeName: '*formatter.diskUsageImagesContext',
  headers: { Type: 'TYPE', TotalCount: 'TOTAL', Active: 'ACTIVE', Size: 'SIZE', Reclaimable: 'RECLAIMABLE' },
  columns: ['Type', 'TotalCount', 'Active', 'Size', 'Reclaimable'],
};

interface Usage {
  readonly total: number;
  readonly active: number;
  readonly sizeBytes: bigint;
  readonly reclaimableBytes: bigint;
}

/** One row for each kind of thing. */
export function usageRows({ images, containers, volumes }: DiskUsage): Row[] {
  const imagesUsage = {
    total: images.usages.length,
    active: images.usages.filter(({ image }) => (image?.containerIds.length ?? 0) > 0).length,
    sizeBytes: images.layersSizeBytes,
    reclaimableBytes: images.reclaimableBytes,
  };
  return [
    usageRow('Images', imagesUsage),
    usageRow('Containers', summarize(containers, isActive, sizeOfContainer)),
    usageRow(
      'Local Volumes',
      summarize(volumes, isUsed, ({ sizeBytes }) => sizeBytes),
    ),
    usageRow('Build Cache', { total: 0, active: 0, sizeBytes: 0n, reclaimableBytes: 0n }),
  ];
}

/** What is not active can go. */
function summarize<T>(things: readonly T[], isInUse: (thing: T) => boolean, sizeOf: (thing: T) => bigint): Usage {
  const sum = (some: readonly T[]) => some.reduce((total, thing) => total + sizeOf(thing), 0n);
  const idle = things.filter((thing) => !isInUse(thing));
  const active = things.length - idle.length;
  return { total: things.length, active, sizeBytes: sum(things), reclaimableBytes: sum(idle) };
}

function isActive({ status }: Container): boolean {
  return ACTIVE.includes(status);
}

export function sizeOfContainer({ writableSizeBytes = 0n }: Container): bigint {
  return writableSizeBytes;
}

function isUsed({ volume }: MeasuredVolume): boolean {
  return volume.containerIds.length > 0;
}

function usageRow(type: string, { total, active, sizeBytes, reclaimableBytes }: Usage): Row {
  const share = sizeBytes > 0n ? ` (${(reclaimableBytes * 100n) / sizeBytes}%)` : '';
  return {
    Type: type,
    TotalCount: String(total),
    Active: String(active),
    Size: formatSize(sizeBytes, PRECISION),
    Reclaimable: `${formatSize(reclaimableBytes, PRECISION)}${share}`,
  };
}

import type { Container } from '@berth/proto/container';
import type { ImageUsage } from '@berth/proto/image';
import { CONTAINER_FORMAT, containerRow } from '../container/container-row.ts';
import { formatSize } from '../format/human-size.ts';
import type { Json } from '../format/json.ts';
import { formatRows, type Row, type RowFormat } from '../format/rows.ts';
import { imageFormat, imageNames, imageRow } from '../image/image-rows.ts';
import { renderObject } from '../inspect/run-inspect.ts';
import { VOLUME_FORMAT, volumeRow } from '../volume/volume-row.ts';
import type { DiskUsage, MeasuredVolume } from './measure-disk.ts';
import { sizeOfContainer } from './usage-rows.ts';

const PRECISION = 4;
const IMAGE_COLUMNS = ['Repository', 'Tag', 'ID', 'CreatedSince', 'Size', 'SharedSize', 'UniqueSize', 'Containers'];
const CONTAINER_COLUMNS = ['ID', 'Image', 'Command', 'LocalVolumes', 'Size', 'RunningFor', 'Status', 'Names'];
const BUILD_CACHE: RowFormat = {
  typeName: '*formatter.buildCacheContext',
  headers: {
    ID: 'CACHE ID',
    CacheType: 'CACHE TYPE',
    Size: 'SIZE',
    CreatedSince: 'CREATED',
    LastUsedSince: 'LAST USED',
    UsageCount: 'USAGE',
    Shared: 'SHARED',
  },
  columns: ['ID', 'CacheType', 'Size', 'CreatedSince', 'LastUsedSince', 'UsageCount', 'Shared'],
};

interface How {
  readonly noTrunc: boolean;
  readonly nowMs: number;
}

/** Each thing with its size, as `df -v` shows it; with a format, all of it as one object. */
export function usageDetails({ images, containers, volumes }: DiskUsage, format: string | undefined): string {
  const isTable = format === undefined || format === '' || format === 'table';
  const how = { noTrunc: !isTable, nowMs: Date.now() };
  const imageRows = images.usages.flatMap((usage) => imageUsageRow(usage, how));
  const containerRows = containers.map((container) => containerUsageRow(container, how));
  const volumeRows = volumes.map(volumeUsageRow);
  if (!isTable) {
    const lists = { Images: imageRows, Containers: containerRows, Volumes: volumeRows, BuildCache: [] };
    return `${renderObject(format, lists as unknown as Record<string, Json>)}\n`;
  }
  const table = (rows: readonly Row[], how: RowFormat, columns: string[]) =>
    formatRows(rows, undefined, { ...how, columns });
  return [
    'Images space usage:\n',
    table(imageRows, imageFormat(false), IMAGE_COLUMNS),
    'Containers space usage:\n',
    table(containerRows, CONTAINER_FORMAT, CONTAINER_COLUMNS),
    'Local Volumes space usage:\n',
    table(volumeRows, VOLUME_FORMAT, ['Name', 'Links', 'Size']),
    'Build cache usage: 0B\n',
    table([], BUILD_CACHE, BUILD_CACHE.columns),
  ].join('\n');
}

/** Under its first tag. */
function imageUsageRow({ image, sharedSizeBytes, uniqueSizeBytes }: ImageUsage, how: How): Row[] {
  if (image === undefined) return [];
  const [name] = imageNames({ ...image, digests: [] }, false);
  return name === undefined
    ? []
    : [
        {
          ...imageRow(image, name, how),
          SharedSize: formatSize(sharedSizeBytes, PRECISION),
          UniqueSize: formatSize(uniqueSizeBytes, PRECISION),
          Containers: String(image.containerIds.length),
        },
      ];
}

function containerUsageRow(container: Container, how: How): Row {
  return { ...containerRow(container, how), Size: formatSize(sizeOfContainer(container)) };
}

function volumeUsageRow({ volume, sizeBytes }: MeasuredVolume): Row {
  return {
    ...volumeRow(volume),
    Links: String(volume.containerIds.length),
    Size: formatSize(sizeBytes, PRECISION),
  };
}

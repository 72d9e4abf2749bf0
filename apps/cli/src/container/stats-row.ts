import type { ContainerStats } from '@berth/proto/container';
import { formatBinarySize, formatSize } from '../format/human-size.ts';
import type { Row, RowFormat } from '../format/rows.ts';
import { shortId } from '../format/text.ts';

export const STATS_FORMAT: RowFormat = {
  typeName: '*container.statsContext',
  headers: {
    Container: 'CONTAINER',
    Name: 'NAME',
    ID: 'CONTAINER ID',
    CPUPerc: 'CPU %',
    MemUsage: 'MEM USAGE / LIMIT',
    MemPerc: 'MEM %',
    NetIO: 'NET I/O',
    BlockIO: 'BLOCK I/O',
    PIDs: 'PIDS',
  },
  columns: ['ID', 'Name', 'CPUPerc', 'MemUsage', 'MemPerc', 'NetIO', 'BlockIO', 'PIDs'],
};

/** What a container uses as `stats` shows it. */
export function statsRow(stats: ContainerStats, { noTrunc }: { noTrunc: boolean }): Row {
  const limit = Number(stats.memoryLimitBytes);
  const memoryPercent = limit === 0 ? 0 : (Number(stats.memoryBytes) / limit) * 100;
  return {
    BlockIO: `${formatSize(stats.blockReadBytes)} / ${formatSize(stats.blockWriteBytes)}`,
    CPUPerc: `${stats.cpuPercent.toFixed(2)}%`,
    Container: noTrunc ? stats.id : shortId(stats.id),
    ID: noTrunc ? stats.id : shortId(stats.id),
    MemPerc: `${memoryPercent.toFixed(2)}%`,
    MemUsage: `${formatBinarySize(stats.memoryBytes)} / ${formatBinarySize(stats.memoryLimitBytes)}`,
    Name: stats.name,
    NetIO: `${formatSize(stats.networkReceiveBytes)} / ${formatSize(stats.networkTransmitBytes)}`,
    PIDs: String(stats.pids),
  };
}

import type { Volume } from '@berth/proto/volume';
import { formatDuration } from '../format/human-duration.ts';
import { formatSize } from '../format/human-size.ts';
import type { Row, RowFormat } from '../format/rows.ts';

export const VOLUME_FORMAT: RowFormat = {
  typeName: '*volume.volumeContext',
  headers: {
    Availability: 'AVAILABILITY',
    Driver: 'DRIVER',
    Group: 'GROUP',
    Labels: 'LABELS',
    Links: 'LINKS',
    Mountpoint: 'MOUNTPOINT',
    Name: 'VOLUME NAME',
    Scope: 'SCOPE',
    Size: 'SIZE',
    Status: 'STATUS',
  },
  columns: ['Driver', 'Name'],
};

/** What `volume ls --size` shows. */
export const SIZED_VOLUME_FORMAT: RowFormat = {
  ...VOLUME_FORMAT,
  headers: { ...VOLUME_FORMAT.headers, LastUsed: 'LAST USED', SnapshotOf: 'SNAPSHOT OF' },
  columns: ['Driver', 'Name', 'Size', 'Links', 'LastUsed', 'SnapshotOf'],
};

/** A volume with what is in it, who has it, and when that last changed. */
export function sizedVolumeRow(volume: Volume, sizeBytes: bigint, nowMs: number): Row {
  const { lastUseTime, containerIds, snapshotOf } = volume;
  return {
    ...volumeRow(volume),
    Size: formatSize(sizeBytes, 4),
    Links: String(containerIds.length),
    LastUsed: lastUseTime === undefined ? 'never' : `${formatDuration(nowMs - Number(lastUseTime.seconds) * 1000)} ago`,
    SnapshotOf: snapshotOf,
  };
}

/** A volume as `volume ls` shows it. */
export function volumeRow(volume: Volume): Row {
  return {
    // Docker's columns for the volumes of a swarm.
    Availability: 'N/A',
    Group: 'N/A',
    Status: 'N/A',
    Driver: volume.driver,
    Labels: Object.entries(volume.labels)
      .map(([name, value]) => `${name}=${value}`)
      .sort()
      .join(','),
    Links: 'N/A',
    Mountpoint: volume.mountpoint,
    Name: volume.name,
    Scope: 'local',
    Size: 'N/A',
    Label: (name) => volume.labels[name] ?? '',
  };
}

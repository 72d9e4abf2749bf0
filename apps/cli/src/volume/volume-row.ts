import type { Volume } from '@berth/proto/volume';
import type { Row, RowFormat } from '../format/rows.ts';

export const VOLUME_FORMAT: RowFormat = {
  typeName: '*volume.volumeContext',
  headers: {
    Driver: 'DRIVER',
    Labels: 'LABELS',
    Links: 'LINKS',
    Mountpoint: 'MOUNTPOINT',
    Name: 'VOLUME NAME',
    Scope: 'SCOPE',
    Size: 'SIZE',
  },
  columns: ['Driver', 'Name'],
};

/** A volume as `volume ls` shows it. */
export function volumeRow(volume: Volume): Row {
  return {
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

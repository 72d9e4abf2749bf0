// A volume as `docker volume inspect` shows it.
import type { Volume } from '@berth/proto/volume';
import { formatRfc3339Nano } from '../format/go-time.ts';
import { sortKeys, type Json } from '../format/json.ts';

export function volumeJson(volume: Volume): Record<string, Json> {
  const { createTime } = volume;
  return {
    CreatedAt: formatRfc3339Nano(createTime && { ...createTime, nanos: 0 }),
    Driver: volume.driver,
    Labels: orNull(volume.labels),
    Mountpoint: volume.mountpoint,
    Name: volume.name,
    Options: orNull(volume.options),
    Scope: 'local',
  };
}

function orNull(record: Record<string, string>): Json {
  return Object.keys(record).length > 0 ? sortKeys(record) : null;
}

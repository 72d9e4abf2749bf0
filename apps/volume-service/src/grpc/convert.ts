import type { Volume } from '@berth/proto/volume';
import type { VolumeView } from '../volumes.ts';

/** A volume as the wire has it. */
export function toProtoVolume(volume: VolumeView): Volume {
  return {
    name: volume.name,
    driver: volume.driver,
    mountpoint: volume.mountpoint,
    createTime: {
      seconds: BigInt(Math.floor(volume.createTimeMs / 1000)),
      nanos: (volume.createTimeMs % 1000) * 1_000_000,
    },
    labels: { ...volume.labels },
    options: { ...volume.options },
    containerIds: [...volume.containerIds],
    anonymous: volume.anonymous,
    mount: volume.mount === null ? undefined : { ...volume.mount, options: [...volume.mount.options] },
  };
}

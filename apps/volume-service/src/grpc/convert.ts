import type { Timestamp } from '@berth/proto/timestamp';
import type { ImportVolumeRequest, Volume } from '@berth/proto/volume';
import { BerthError } from '@berth/errors';
import type { VolumeView } from '../volumes.ts';

/** A volume as the wire has it. */
export function toProtoVolume(volume: VolumeView): Volume {
  return {
    name: volume.name,
    driver: volume.driver,
    mountpoint: volume.mountpoint,
    createTime: toTimestamp(volume.createTimeMs),
    labels: { ...volume.labels },
    options: { ...volume.options },
    containerIds: [...volume.containerIds],
    anonymous: volume.anonymous,
    snapshotOf: volume.snapshotOf ?? '',
    lastUseTime: volume.lastUseTimeMs === null ? undefined : toTimestamp(volume.lastUseTimeMs),
    mount: volume.mount === null ? undefined : { ...volume.mount, options: [...volume.mount.options] },
  };
}

function toTimestamp(timeMs: number): Timestamp {
  return { seconds: BigInt(Math.floor(timeMs / 1000)), nanos: (timeMs % 1000) * 1_000_000 };
}

/** Takes the first message of an import off; the rest is the tar. Throws INVALID_ARGUMENT when it is not a start. */
export async function splitImport(
  requests: AsyncIterable<ImportVolumeRequest>,
): Promise<{ name: string; data: AsyncGenerator<Uint8Array> }> {
  const iterator = requests[Symbol.asyncIterator]();
  const first = await iterator.next();
  const part = first.done === true ? undefined : first.value.part;
  if (part?.$case !== 'start') throw new BerthError('INVALID_ARGUMENT', 'the first message of an import must be start');
  async function* data(): AsyncGenerator<Uint8Array> {
    for await (const request of { [Symbol.asyncIterator]: () => iterator }) {
      if (request.part?.$case !== 'data') throw new BerthError('INVALID_ARGUMENT', 'expected data after start');
      yield request.part.value;
    }
  }
  return { name: part.value.name, data: data() };
}

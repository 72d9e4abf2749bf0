import { BerthError } from '@berth/errors';
import type { VolumeServiceClient } from '@berth/proto/volume';
import type { VolumeClient } from '../ports/volumes.ts';
import { retryUnavailable } from './retry-unavailable.ts';

/** volume-service. */
export function createGrpcVolumeClient(client: VolumeServiceClient): VolumeClient {
  return {
    async acquire(name, containerId, { driver, options, labels }) {
      const request = { name, containerId, driver, options: { ...options }, labels: { ...labels } };
      const { volume } = await retryUnavailable(() => client.acquireVolume(request));
      if (volume === undefined) throw new BerthError('INTERNAL', 'volume-service lent a volume and did not say which');
      const { mountpoint, mount = null } = volume;
      return { name: volume.name, mountpoint, driver: volume.driver, mount };
    },
    async release(containerId, { deleteAnonymous }) {
      await client.releaseVolumes({ containerId, deleteAnonymous });
    },
    async listUsers() {
      const { volumes } = await client.listVolumes({});
      return [...new Set(volumes.flatMap(({ containerIds }) => containerIds))];
    },
  };
}

import type { VolumeServiceImplementation } from '@berth/proto/volume';
import type { PruneVolumes } from '../prune-volumes.ts';
import type { Volumes } from '../volumes.ts';
import { toProtoVolume } from './convert.ts';

/** VolumeService over the use cases. */
export function createVolumeHandlers(volumes: Volumes, prune: PruneVolumes): VolumeServiceImplementation {
  return {
    createVolume: (request) => Promise.resolve({ volume: toProtoVolume(volumes.create(request)) }),
    getVolume: (request) => Promise.resolve({ volume: toProtoVolume(volumes.get(request.name)) }),
    listVolumes: ({ filters }) => Promise.resolve({ volumes: volumes.list(filters).map(toProtoVolume) }),
    async measureVolumes({ names }) {
      const sizes = await volumes.measure(names);
      return { usages: [...sizes].map(([name, size]) => ({ name, sizeBytes: BigInt(size) })) };
    },
    async deleteVolume(request) {
      await volumes.remove(request.name, { force: request.force });
      return {};
    },
    async pruneVolumes({ filters }) {
      const { names, reclaimedBytes } = await prune(filters);
      return { names: [...names], reclaimedBytes: BigInt(reclaimedBytes) };
    },
    acquireVolume(request) {
      return Promise.resolve({ volume: toProtoVolume(volumes.acquire(request, request.containerId)) });
    },
    async releaseVolumes(request) {
      await volumes.release(request.containerId, { deleteAnonymous: request.deleteAnonymous });
      return {};
    },
  };
}

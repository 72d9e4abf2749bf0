import type { VolumeServiceImplementation } from '@berth/proto/volume';
import type { PruneVolumes } from '../prune-volumes.ts';
import type { Volumes } from '../volumes.ts';
import type { VolumeData } from '../volume-data.ts';
import { splitImport, toProtoVolume } from './convert.ts';

/** What the handlers answer with. */
export interface VolumeUseCases {
  readonly volumes: Volumes;
  readonly prune: PruneVolumes;
  readonly data: VolumeData;
}

/** VolumeService over the use cases. */
export function createVolumeHandlers({ volumes, prune, data }: VolumeUseCases): VolumeServiceImplementation {
  return {
    createVolume: async (request) => ({ volume: toProtoVolume(await volumes.create(request)) }),
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
    renameVolume: ({ name, newName }) => Promise.resolve({ volume: toProtoVolume(volumes.rename(name, newName)) }),
    copyVolume: async (request, { signal }) => ({ volume: toProtoVolume(await data.copy(request, signal)) }),
    async restoreVolume({ name, snapshot, force }, { signal }) {
      await data.restore(name, snapshot, { force, signal });
      return {};
    },
    async *exportVolume({ name }, { signal }) {
      for await (const bytes of data.archive(name, signal)) {
        yield { data: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
      }
    },
    async importVolume(requests, { signal }) {
      const { name, data: archive } = await splitImport(requests);
      return { volume: toProtoVolume(await data.extract(name, archive, signal)) };
    },
    acquireVolume: async (request) => ({ volume: toProtoVolume(await volumes.acquire(request, request.containerId)) }),
    async releaseVolumes(request) {
      await volumes.release(request.containerId, { deleteAnonymous: request.deleteAnonymous });
      return {};
    },
  };
}

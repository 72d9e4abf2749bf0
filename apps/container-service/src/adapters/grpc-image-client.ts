import { BerthError } from '@berth/errors';
import { parseImageConfig, type ContainerDefaults } from '@berth/oci';
import { ChangeKind, type ImageServiceClient, type PrepareSnapshotResponse } from '@berth/proto/image';
import type { ImageClient, PathChange, PreparedSnapshot } from '../ports/images.ts';
import { retryUnavailable } from './retry-unavailable.ts';
import { createSnapshotStream } from './snapshot-stream.ts';

/**
 * image-service. The configs of images that were used lately stay parsed: they never change under their id. What a name gave last is kept for as many. The signal ends the call that
 * stays open for snapshots.
 */
export function createGrpcImageClient(client: ImageServiceClient, signal: AbortSignal): ImageClient {
  const parsed = createConfigCache();
  const last = new Map<string, PreparedSnapshot>();
  const stream = createSnapshotStream(client, signal);

  return {
    async prepareSnapshot(containerId, image) {
      const request = { key: containerId, image };
      const streamed = await stream.prepare(request);
      const response = streamed ?? (await retryUnavailable(() => client.prepareSnapshot(request)));
      const { snapshot, image: found } = required(response);
      const prepared = {
        rootfs: {
          layersDir: snapshot.layersDir,
          lowerDirs: snapshot.lowerDirs,
          upperDir: snapshot.upperDir,
          workDir: snapshot.workDir,
        },
        passwd: snapshot.passwd,
        group: snapshot.group,
        imageId: found.id,
        image: parsed(found.id, found.config),
      };
      remember(last, image, prepared);
      return prepared;
    },
    lastSnapshot: (image) => last.get(image) ?? null,
    async deleteSnapshot(containerId) {
      await client.deleteSnapshot({ key: containerId });
    },
    async listSnapshots() {
      return (await client.listSnapshots({})).keys;
    },
    async commitSnapshot({ containerId, config, mountPoints, ...commit }, signal) {
      const request = { ...commit, key: containerId, mountPoints: [...mountPoints] };
      const response = await client.commitSnapshot(
        { ...request, config: Buffer.from(JSON.stringify(config)) },
        { signal },
      );
      return response.image?.id ?? '';
    },
    async diffSnapshot(key, mountPoints, signal) {
      const { changes } = await client.diffSnapshot({ key, mountPoints: [...mountPoints] }, { signal });
      return changes.map(({ path, kind }) => ({ path, kind: CHANGE_KINDS[kind] }));
    },
    async findImage(name) {
      try {
        const { image } = await client.getImage({ name });
        return image === undefined ? null : { id: image.id, sizeBytes: Number(image.sizeBytes) };
      } catch (error) {
        if (error instanceof BerthError && NO_IMAGE.includes(error.kind)) return null;
        throw error;
      }
    },
    async measureSnapshots(containerIds) {
      const { usages } = await client.measureSnapshots({ keys: [...containerIds] });
      return new Map(usages.map(({ key, sizeBytes }) => [key, Number(sizeBytes)]));
    },
  };
}

const CHANGE_KINDS: Record<ChangeKind, PathChange['kind']> = {
  [ChangeKind.UNSPECIFIED]: 'changed',
  [ChangeKind.CHANGED]: 'changed',
  [ChangeKind.ADDED]: 'added',
  [ChangeKind.DELETED]: 'deleted',
};

/** How image-service says that a name is that of no image. */
const NO_IMAGE: readonly string[] = ['not_found', 'invalid_argument'];

const REMEMBERED_IMAGES = 64;

function remember<Value>(cache: Map<string, Value>, key: string, value: Value): void {
  const [oldest] = cache.keys();
  if (cache.size >= REMEMBERED_IMAGES && oldest !== undefined && !cache.has(key)) cache.delete(oldest);
  cache.set(key, value);
}

function createConfigCache(): (imageId: string, config: Uint8Array) => ContainerDefaults {
  const cache = new Map<string, ContainerDefaults>();
  return (imageId, config) => {
    const cached = cache.get(imageId);
    if (cached !== undefined) return cached;
    const { config: defaults } = parseImageConfig(config);
    remember(cache, imageId, defaults);
    return defaults;
  };
}

type Required<T> = { [Key in keyof T]: NonNullable<T[Key]> };

function required({ snapshot, image }: PrepareSnapshotResponse): Required<PrepareSnapshotResponse> {
  if (snapshot === undefined || image === undefined) {
    throw new BerthError('INTERNAL', 'image-service prepared a snapshot and did not say where');
  }
  return { snapshot, image };
}

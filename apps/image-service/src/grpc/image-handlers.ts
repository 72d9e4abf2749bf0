import { BerthError } from '@berth/errors';
import type {
  ImageServiceImplementation,
  ImportImageRequest,
  ImportImageStart,
  LoadImagesRequest,
  PrepareSnapshotRequest,
  PrepareSnapshotResponse,
} from '@berth/proto/image';
import type { CommitSnapshot } from '../commit-snapshot.ts';
import type { DeleteImage } from '../delete-image.ts';
import type { DiffImages } from '../diff-images.ts';
import type { DiffSnapshot } from '../diff-snapshot.ts';
import type { ImageHistory } from '../image-history.ts';
import type { Images } from '../images.ts';
import type { ImportImage } from '../import-image.ts';
import type { ListImages } from '../list-images.ts';
import type { LoadImages } from '../load-images.ts';
import type { MeasureImages } from '../measure-images.ts';
import type { PruneImages } from '../prune-images.ts';
import type { PullImage } from '../pull.ts';
import type { PushImage } from '../push.ts';
import type { SaveImages } from '../save-images.ts';
import type { Snapshots } from '../snapshots.ts';
import {
  fromPullRequest,
  fromPushRequest,
  toDeleteResponse,
  toLoadResponse,
  toMeasureResponse,
  toPrepareResponse,
  toSaveResponse,
  toProtoChange,
  toProtoImage,
  toProtoImageWithoutConfig,
  toProtoStep,
  toPruneResponse,
  toPullResponse,
  toPushResponse,
} from './convert.ts';
import { readArchiveFile } from '../archive-file.ts';
import { untilAborted } from './until-aborted.ts';

export interface ImageUseCases {
  readonly images: Images;
  readonly listImages: ListImages;
  readonly measureImages: MeasureImages;
  readonly imageHistory: ImageHistory;
  readonly snapshots: Snapshots;
  readonly pullImage: PullImage;
  readonly pushImage: PushImage;
  readonly importImage: ImportImage;
  readonly saveImages: SaveImages;
  readonly loadImages: LoadImages;
  readonly deleteImage: DeleteImage;
  readonly pruneImages: PruneImages;
  readonly diffImages: DiffImages;
  readonly diffSnapshot: DiffSnapshot;
  readonly commitSnapshot: CommitSnapshot;
}

/** So that a message stays far below what a client takes. */
const CHANGES_PER_MESSAGE = 5000;

/** ImageService over the use cases. The signal, aborted when the service stops, ends calls that stay open. */
export function createImageHandlers(useCases: ImageUseCases, stopping: AbortSignal): ImageServiceImplementation {
  const { images, listImages, measureImages, imageHistory, snapshots, pullImage, pushImage, importImage } = useCases;
  const { saveImages, loadImages, deleteImage, pruneImages, diffImages, diffSnapshot, commitSnapshot } = useCases;

  /** Undefined when it fails: who asked calls PrepareSnapshot then, which fails with the reason. */
  async function tryToPrepare(
    request: PrepareSnapshotRequest | undefined,
  ): Promise<PrepareSnapshotResponse | undefined> {
    try {
      return request && toPrepareResponse(await snapshots.prepare(request.key, request.image));
    } catch {
      return undefined;
    }
  }

  return {
    async *pullImage(request, { signal }) {
      for await (const event of pullImage(fromPullRequest(request), signal)) yield toPullResponse(event);
    },
    async *pushImage(request, { signal }) {
      for await (const event of pushImage(fromPushRequest(request), signal)) yield toPushResponse(event);
    },
    async importImage(requests, { signal }) {
      const { start, data } = await splitImport(requests);
      return { image: toProtoImage(await importImage(start, data, signal)) };
    },
    async *saveImages({ names, acceptsFiles, platform }, { signal }) {
      for await (const part of saveImages(names, { acceptsFiles, platform, signal })) yield toSaveResponse(part);
    },
    async *loadImages(requests, { signal }) {
      const { platform, data } = await openLoad(requests);
      for await (const loaded of loadImages(data, { platform, signal })) yield toLoadResponse(loaded);
    },
    getImage: ({ name, platform }) =>
      answer(() => {
        const image = images.get(name, platform);
        return { image: toProtoImage(image), layerDirs: images.layerDirs(image.id) };
      }),
    getImageHistory: ({ name, platform }) => answer(() => ({ steps: imageHistory(name, platform).map(toProtoStep) })),
    listImages: (request) =>
      answer(() => ({
        images: listImages(request).map(request.omitConfig ? toProtoImageWithoutConfig : toProtoImage),
      })),
    async *diffImages({ from, to }, { signal }) {
      const changes = (await diffImages(from, to, signal)).map(toProtoChange);
      for (let at = 0; at < changes.length; at += CHANGES_PER_MESSAGE) {
        yield { changes: changes.slice(at, at + CHANGES_PER_MESSAGE) };
      }
    },
    measureImages: () => answer(() => toMeasureResponse(measureImages())),
    tagImage: ({ name, target }) => answer(() => (images.tag(name, target), {})),
    deleteImage: (request) => answer(() => toDeleteResponse(deleteImage(request))),
    async pruneImages(request, { signal }) {
      return toPruneResponse(await pruneImages(request, signal));
    },
    prepareSnapshot: async ({ key, image }) => toPrepareResponse(await snapshots.prepare(key, image)),
    async *prepareSnapshots(requests) {
      for await (const { request } of untilAborted(requests, stopping)) yield { prepared: await tryToPrepare(request) };
    },
    deleteSnapshot: ({ key }) => answer(() => (snapshots.delete(key), {})),
    listSnapshots: () => answer(() => ({ keys: snapshots.list() })),
    async commitSnapshot(request, { signal }) {
      return { image: toProtoImage(await commitSnapshot(request, signal)) };
    },
    async diffSnapshot({ key, mountPoints }, { signal }) {
      return { changes: (await diffSnapshot(key, mountPoints, signal)).map(toProtoChange) };
    },
    async measureSnapshots({ keys }) {
      const sizes = await snapshots.measure(keys);
      return { usages: [...sizes].map(([key, size]) => ({ key, sizeBytes: BigInt(size) })) };
    },
  };
}

/** Runs a use case that does not wait; what it throws becomes a rejection. */
function answer<Response>(run: () => Response): Promise<Response> {
  return new Promise((resolve) => resolve(run()));
}

/** What a load is made of: the bytes that are sent, or those of a file. */
async function openLoad(
  requests: AsyncIterable<LoadImagesRequest>,
): Promise<{ platform: string; data: AsyncGenerator<Uint8Array> }> {
  const iterator = requests[Symbol.asyncIterator]();
  const first = await iterator.next();
  async function* data(): AsyncGenerator<Uint8Array> {
    for (let next = first; next.done !== true; next = await iterator.next()) {
      const { data: bytes, file } = next.value;
      if (file !== undefined) yield* readArchiveFile(file);
      else if (bytes.length > 0) yield bytes;
    }
  }
  return { platform: first.done === true ? '' : first.value.platform, data: data() };
}

async function splitImport(
  requests: AsyncIterable<ImportImageRequest>,
): Promise<{ start: ImportImageStart; data: AsyncGenerator<Uint8Array> }> {
  const iterator = requests[Symbol.asyncIterator]();
  const first = await iterator.next();
  const part = first.done ? undefined : first.value.part;
  if (part?.$case !== 'start')
    throw new BerthError('INVALID_ARGUMENT', 'the first message of ImportImage must be start');
  async function* data(): AsyncGenerator<Uint8Array> {
    for await (const request of { [Symbol.asyncIterator]: () => iterator }) {
      if (request.part?.$case !== 'data') throw new BerthError('INVALID_ARGUMENT', 'expected data after start');
      yield request.part.value;
    }
  }
  return { start: part.value, data: data() };
}

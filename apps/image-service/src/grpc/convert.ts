import type { ChangeKind as Kind, PathChange } from '@berth/layers';
import { formatReference } from '@berth/oci';
import {
  ChangeKind,
  LayerPhase,
  PushPhase,
  type DeleteImageResponse,
  type HistoryStep as ProtoStep,
  type Image,
  type LoadImagesResponse,
  type MeasureImagesResponse,
  type PathChange as ProtoPathChange,
  type PrepareSnapshotResponse,
  type PruneImagesResponse,
  type PullImageRequest,
  type PullImageResponse,
  type PushImageRequest,
  type PushImageResponse,
  type SaveImagesResponse,
} from '@berth/proto/image';
import { bufferView } from '../buffer-view.ts';
import type { DeleteResult } from '../delete-image.ts';
import type { HistoryStep } from '../image-history.ts';
import { snapshotOwner, type ImageRecord, type Image as StoredImage } from '../image.ts';
import type { LoadedImage } from '../load-images.ts';
import type { LayerPhase as Phase } from '../layer-progress.ts';
import type { ImagesUsage } from '../measure-images.ts';
import type { PullEvent, PullRequest } from '../pull.ts';
import type { PushLayerPhase } from '../push-content.ts';
import type { PushEvent, PushRequest } from '../push.ts';
import type { RemovedImages } from '../remove-image.ts';
import type { ArchivePart } from '../save-images.ts';
import type { PreparedSnapshot } from '../snapshots.ts';

const NOTHING = new Uint8Array();

const PHASES: Record<Phase, LayerPhase> = {
  waiting: LayerPhase.WAITING,
  downloading: LayerPhase.DOWNLOADING,
  downloaded: LayerPhase.DOWNLOADED,
  extracting: LayerPhase.EXTRACTING,
  complete: LayerPhase.COMPLETE,
  'already exists': LayerPhase.ALREADY_EXISTS,
};

const PUSH_PHASES: Record<PushLayerPhase, PushPhase> = {
  preparing: PushPhase.PREPARING,
  waiting: PushPhase.WAITING,
  pushing: PushPhase.PUSHING,
  pushed: PushPhase.PUSHED,
  'already exists': PushPhase.ALREADY_EXISTS,
  mounted: PushPhase.MOUNTED,
  'skipped foreign layer': PushPhase.SKIPPED_FOREIGN,
};

const CHANGE_KINDS: Record<Kind, ChangeKind> = {
  changed: ChangeKind.CHANGED,
  added: ChangeKind.ADDED,
  deleted: ChangeKind.DELETED,
};

export function toProtoChange({ path, kind }: PathChange): ProtoPathChange {
  return { path, kind: CHANGE_KINDS[kind] };
}

/** What an image is, without what is known about it here. */
function toPlainImage({ id, config, platform, sizeBytes, createTimeMs }: StoredImage): Image {
  return {
    id,
    tags: [],
    digests: [],
    createTime: toTimestamp(createTimeMs),
    sizeBytes: BigInt(sizeBytes),
    config: bufferView(config),
    platform,
    containerIds: [],
    lastUsedTime: undefined,
    parentId: '',
    tagTime: undefined,
    addTime: undefined,
  };
}

export function toProtoImage(image: ImageRecord): Image {
  const { references } = image;
  return {
    ...toPlainImage(image),
    tags: references.filter(({ digest }) => digest === null).map(formatReference),
    digests: references.filter(({ digest }) => digest !== null).map(formatReference),
    containerIds: [...new Set(image.snapshotKeys.map(snapshotOwner))],
    lastUsedTime: toTimestamp(image.lastUsedTimeMs),
    parentId: image.parentId ?? '',
    tagTime: toTimestamp(image.tagTimeMs),
    addTime: toTimestamp(image.addTimeMs),
  };
}

export function toProtoImageWithoutConfig(image: ImageRecord): Image {
  return toProtoImage({ ...image, config: NOTHING });
}

export function toMeasureResponse({ usages, layersBytes, reclaimableBytes }: ImagesUsage): MeasureImagesResponse {
  return {
    usages: usages.map(({ image, sharedBytes, uniqueBytes }) => ({
      image: toProtoImageWithoutConfig(image),
      sharedSizeBytes: BigInt(sharedBytes),
      uniqueSizeBytes: BigInt(uniqueBytes),
    })),
    layersSizeBytes: BigInt(layersBytes),
    reclaimableBytes: BigInt(reclaimableBytes),
  };
}

export function toProtoStep({ imageId, tags, createTimeMs, createdBy, sizeBytes, comment }: HistoryStep): ProtoStep {
  return {
    imageId: imageId ?? '',
    tags: tags.map(formatReference),
    createTime: toTimestamp(createTimeMs),
    createdBy,
    sizeBytes: BigInt(sizeBytes),
    comment,
  };
}

export function fromPullRequest({ reference, platform, credentials }: PullImageRequest): PullRequest {
  return { reference, platform, credentials: credentials ?? null };
}

export function toPullResponse(event: PullEvent): PullImageResponse {
  switch (event.kind) {
    case 'resolved': {
      const { reference, digest, layers } = event;
      return {
        event: { $case: 'resolved', value: { reference: formatReference(reference), digest, layers: [...layers] } },
      };
    }
    case 'layer': {
      const { phase, currentBytes, totalBytes } = event.progress;
      const bytes = { currentBytes: BigInt(currentBytes), totalBytes: BigInt(totalBytes) };
      return { event: { $case: 'layer', value: { digest: event.digest, phase: PHASES[phase], ...bytes } } };
    }
    case 'done': {
      const { image, digest, upToDate } = event;
      return { event: { $case: 'done', value: { image: toProtoImage(image), digest, upToDate } } };
    }
  }
}

export function fromPushRequest({ reference, allTags, platform, credentials }: PushImageRequest): PushRequest {
  return { reference, allTags, platform, credentials: credentials ?? null };
}

export function toPushResponse(event: PushEvent): PushImageResponse {
  switch (event.kind) {
    case 'started':
      return { event: { $case: 'started', value: { repository: event.repository } } };
    case 'layer': {
      const { phase, currentBytes, totalBytes, mountedFrom } = event.progress;
      const bytes = { currentBytes: BigInt(currentBytes), totalBytes: BigInt(totalBytes) };
      const value = { diffId: event.diffId, phase: PUSH_PHASES[phase], ...bytes, mountedFrom };
      return { event: { $case: 'layer', value } };
    }
    case 'pushed': {
      const { tag, digest, sizeBytes } = event;
      return { event: { $case: 'pushed', value: { tag, digest, sizeBytes: BigInt(sizeBytes) } } };
    }
  }
}

export function toDeleteResponse({ untagged, deleted }: DeleteResult): DeleteImageResponse {
  return { untagged: untagged.map(formatReference), deleted: [...deleted] };
}

export function toPruneResponse(removed: readonly RemovedImages[]): PruneImagesResponse {
  const reclaimedBytes = removed.reduce((sum, image) => sum + image.reclaimedBytes, 0);
  return { removed: removed.map(toDeleteResponse), reclaimedBytes: BigInt(reclaimedBytes) };
}

export function toPrepareResponse({ image, ...snapshot }: PreparedSnapshot): PrepareSnapshotResponse {
  const [passwd, group] = [bufferView(snapshot.passwd), bufferView(snapshot.group)];
  return {
    snapshot: { ...snapshot, lowerDirs: [...snapshot.lowerDirs], passwd, group },
    image: toPlainImage(image),
  };
}

function toTimestamp(timeMs: number | null): { seconds: bigint; nanos: number } | undefined {
  if (timeMs === null) return undefined;
  const seconds = Math.floor(timeMs / 1000);
  return { seconds: BigInt(seconds), nanos: Math.round((timeMs - seconds * 1000) * 1e6) };
}

export function toSaveResponse(part: ArchivePart): SaveImagesResponse {
  if (part.kind === 'bytes') return { data: bufferView(part.data), file: undefined };
  return { data: Buffer.alloc(0), file: { path: part.path, sizeBytes: BigInt(part.sizeBytes) } };
}

export function toLoadResponse({ image, references }: LoadedImage): LoadImagesResponse {
  return { image: toProtoImage(image), references: references.map(formatReference) };
}

import { isBerthError } from '@berth/errors';
import { parseReference, repositoryOf, type Reference } from '@berth/oci';
import type { Gate } from './gate.ts';
import type { ImageRecord } from './image.ts';
import type { LayerArchives } from './layer-archives.ts';
import type { LayerPool } from './layer-pool.ts';
import { pushLease, type Leases } from './leases.ts';
import type { ContentClient, ContentDescriptor, Credentials, LayerBlob, PushedBlob } from './ports.ts';
import { makeManifest, planPush, type PushedLayer, type PushPlan, type PushPlanDeps } from './push-plan.ts';

/** Where a layer stands, as Docker names it. */
export type PushLayerPhase =
  'preparing' | 'waiting' | 'pushing' | 'pushed' | 'already exists' | 'mounted' | 'skipped foreign layer';

export interface PushLayerProgress {
  readonly phase: PushLayerPhase;
  /** Of the archive, while it is being pushed. */
  readonly currentBytes: number;
  /** 0 when unknown. */
  readonly totalBytes: number;
  /** The path of the repository that it was mounted from; empty otherwise. */
  readonly mountedFrom: string;
}

export interface PushContentRequest {
  readonly image: ImageRecord;
  /** With a tag. */
  readonly reference: Reference;
  readonly credentials: Credentials | null;
  readonly signal: AbortSignal;
  onProgress(diffId: string, progress: PushLayerProgress): void;
}

/** What a repository has now. */
export interface PushedContent {
  readonly manifest: ContentDescriptor;
  readonly blobs: readonly LayerBlob[];
}

/** Brings all that an image is made of to a repository, the manifest last. When one part fails the others stop. */
export type PushContent = (request: PushContentRequest) => Promise<PushedContent>;

export interface PushContentDeps extends Omit<PushPlanDeps, 'content'> {
  readonly content: Pick<
    ContentClient,
    'getManifest' | 'locate' | 'ingest' | 'fetchBlob' | 'pushBlob' | 'pushManifest'
  >;
  readonly archives: LayerArchives;
  readonly pool: Pick<LayerPool, 'hold'>;
  readonly leases: Pick<Leases, 'begin' | 'end' | 'endUnused'>;
  /** How many layers go at a time. */
  readonly uploads: Gate;
}

export function createPushContent(deps: PushContentDeps): PushContent {
  return async (request) => {
    const { image, reference, credentials, signal } = request;
    const release = deps.pool.hold(deps.store.layersOf(image.id));
    try {
      const plan = await planPush(deps, image, signal);
      const blobs = await pushBlobs(deps, request, plan);
      const made = plan.original ?? makeManifest(plan.config, blobs);
      const manifest = await deps.content.pushManifest({ reference, credentials }, made, signal);
      return { manifest, blobs: toKnownBlobs(plan, blobs, repositoryOf(reference)) };
    } finally {
      release();
      // An image that was removed meanwhile may have left the leases of its layers.
      deps.leases.endUnused();
    }
  };
}

/** The descriptors of the layers, lowest first. */
async function pushBlobs(
  deps: PushContentDeps,
  request: PushContentRequest,
  plan: PushPlan,
): Promise<ContentDescriptor[]> {
  const failed = new AbortController();
  const signal = AbortSignal.any([request.signal, failed.signal]);
  const joined = { ...request, signal };
  const layers = new Map<string, Promise<ContentDescriptor>>();
  // Docker begins with the uppermost. A layer may be there several times.
  for (const one of plan.layers.toReversed()) {
    const { diffId } = one.layer;
    request.onProgress(diffId, progressOf('preparing'));
    if (!layers.has(diffId)) layers.set(diffId, pushLayer(deps, joined, { ...one, repository: plan.repository }));
  }
  const work = [...layers.values(), pushConfig(deps, joined, plan)];
  try {
    await Promise.all(work);
    return await Promise.all(plan.layers.map(({ layer }) => layers.get(layer.diffId) as Promise<ContentDescriptor>));
  } catch (error) {
    failed.abort();
    await Promise.allSettled(work);
    throw error;
  }
}

async function pushLayer(
  deps: PushContentDeps,
  request: PushContentRequest,
  { layer, isForeign, descriptor, repository }: PushedLayer & Pick<PushPlan, 'repository'>,
): Promise<ContentDescriptor> {
  const report = (progress: PushLayerProgress) => request.onProgress(layer.diffId, progress);
  if (isForeign && descriptor !== null) {
    report(progressOf('skipped foreign layer'));
    return descriptor;
  }
  if (deps.uploads.isFull()) report(progressOf('waiting'));
  return deps.uploads.run(request.signal, async () => {
    const archive =
      descriptor === null ? await deps.archives.bring(layer, request.signal) : { ...descriptor, repository };
    const onProgress = (bytes: number) => report(progressOf('pushing', bytes, archive.size));
    report(toOutcome(await pushBlob(deps, request, { blob: archive, source: archive.repository, onProgress })));
    return archive;
  });
}

interface Push {
  readonly blob: ContentDescriptor;
  /** The repository to get it from when it is not here; null: none. */
  readonly source: string | null;
  readonly onProgress?: (sentBytes: number) => void;
}

async function pushBlob(
  { content }: PushContentDeps,
  { reference, credentials, signal }: PushContentRequest,
  { blob, source, onProgress }: Push,
): Promise<PushedBlob> {
  const target = { repository: repositoryOf(reference), descriptor: blob, credentials };
  const options = { signal, ...(onProgress === undefined ? {} : { onProgress }) };
  try {
    return await content.pushBlob(target, options);
  } catch (error) {
    if (source === null || !isBerthError(error, 'BLOB_NOT_FOUND')) throw error;
  }
  // The registry that is pushed to is the one that the credentials are for.
  const own = parseReference(source).domain === reference.domain ? credentials : null;
  await content.fetchBlob({ repository: source, descriptor: blob, credentials: own }, { signal });
  return content.pushBlob(target, options);
}

/** The config of an image that was made here is not in the content store until somebody pushes it. */
async function pushConfig(deps: PushContentDeps, request: PushContentRequest, plan: PushPlan): Promise<void> {
  const { image, signal } = request;
  const blob = plan.config;
  try {
    await pushBlob(deps, request, { blob, source: null });
  } catch (error) {
    if (!isBerthError(error, 'BLOB_NOT_FOUND')) throw error;
    const lease = pushLease();
    await deps.leases.begin(lease);
    try {
      await deps.content.ingest({ mediaType: blob.mediaType, lease }, once(image.config), signal);
      await pushBlob(deps, request, { blob, source: null });
    } finally {
      deps.leases.end(lease);
    }
  }
}

/** What is known of the archives of the layers from now on; of foreign ones nothing. */
function toKnownBlobs(plan: PushPlan, blobs: readonly ContentDescriptor[], repository: string): LayerBlob[] {
  return blobs.flatMap(({ digest, mediaType, size }, index) => {
    const { layer, isForeign } = plan.layers[index] as PushedLayer;
    return isForeign ? [] : [{ diffId: layer.diffId, digest, mediaType, size, repository }];
  });
}

function progressOf(phase: PushLayerPhase, currentBytes = 0, totalBytes = 0): PushLayerProgress {
  return { phase, currentBytes, totalBytes, mountedFrom: '' };
}

function toOutcome(pushed: PushedBlob): PushLayerProgress {
  if (pushed.how === 'mounted') return { ...progressOf('mounted'), mountedFrom: pushed.from };
  return progressOf(pushed.how === 'existed' ? 'already exists' : 'pushed');
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

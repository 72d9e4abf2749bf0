import {
  familiarReference,
  familiarRepository,
  formatPlatform,
  formatReference,
  hostPlatform,
  parseImageConfig,
  parsePlatform,
  parseReference,
  repositoryOf,
  withDefaultTag,
  type Reference,
} from '@berth/oci';
import type { Image, ImageRecord, Layer } from './image.ts';
import type { HeldLayer, LayerPool } from './layer-pool.ts';
import type { LayerProgress } from './layer-progress.ts';
import type { Durability } from './durability.ts';
import { imageLease, type Leases } from './leases.ts';
import type { ContentClient, Credentials, ImageCommit, ImageStore, LayerBlob } from './ports.ts';
import { createProgressQueue, type ProgressQueue } from './progress-queue.ts';
import {
  checkPlatform,
  fetchConfig,
  plannedLayers,
  planPull,
  type FetchedConfig,
  type PullPlan,
  type PullSource,
} from './pull-plan.ts';

export interface PullRequest {
  /** As a user writes it. */
  readonly reference: string;
  /** `os/arch[/variant]`; empty: the host's. */
  readonly platform: string;
  readonly credentials: Credentials | null;
}

export type PullEvent =
  | { kind: 'resolved'; reference: Reference; digest: string; layers: readonly string[] }
  | { kind: 'layer'; digest: string; progress: LayerProgress }
  | { kind: 'done'; image: ImageRecord; digest: string; upToDate: boolean };

export interface PullDeps {
  readonly store: ImageStore;
  readonly pool: LayerPool;
  readonly content: ContentClient;
  readonly durability: Pick<Durability, 'begin'>;
  readonly leases: Pick<Leases, 'begin' | 'end'>;
  /** Ends all pulls. */
  readonly signal: AbortSignal;
}

/** Pulls an image and tells how it goes; the last event is `done`. A reader that stops ends the pull, and nothing half-made stays. */
export type PullImage = (request: PullRequest, signal: AbortSignal) => AsyncGenerator<PullEvent>;

type Queue = ProgressQueue<PullEvent>;

export function createPullImage(deps: PullDeps): PullImage {
  return async function* pullImage(request, signal) {
    const queue = createProgressQueue<PullEvent>();
    const stop = new AbortController();
    const source = toSource(request, AbortSignal.any([signal, deps.signal, stop.signal]));
    const work = pull(deps, source, queue).finally(() => queue.end());
    // Awaited below; without this a failure would count as unhandled while the reader is slow.
    work.catch(() => {});
    try {
      yield* queue.read();
      yield await work;
    } finally {
      stop.abort();
      await work.catch(() => {});
    }
  };
}

function toSource(request: PullRequest, signal: AbortSignal): PullSource {
  const isPlatformGiven = request.platform !== '';
  return {
    reference: withDefaultTag(parseReference(request.reference)),
    platform: isPlatformGiven ? parsePlatform(request.platform) : hostPlatform(),
    isPlatformGiven,
    credentials: request.credentials,
    signal,
  };
}

async function pull(deps: PullDeps, source: PullSource, queue: Queue): Promise<PullEvent> {
  const { store } = deps;
  const plan = await planPull(deps.content, source);
  const names = namesOf(source.reference, plan.digest);
  const imageId = plan.manifest.config.digest;
  const upToDate = store.findByReference(names.asked) === imageId;
  const known = store.find(imageId);
  if (known !== null) checkPlatform(parsePlatform(known.platform), source);
  const layers = known === null ? plan.manifest.layers.map((layer) => layer.digest) : [];
  queue.push('resolved', { kind: 'resolved', reference: source.reference, digest: plan.digest, layers });
  if (known === null) {
    await bringImage(deps, source, { plan, queue, names });
  } else {
    const diffIds = parseImageConfig(known.config).diffIds;
    store.commit(
      commitOf({
        source,
        names,
        plan,
        image: known,
        layers: store.layersOf(imageId),
        blobs: blobsOf(plan, source, diffIds),
      }),
    );
  }
  deps.durability.begin();
  const image = store.get(imageId) as ImageRecord;
  return { kind: 'done', image, digest: plan.digest, upToDate };
}

/** The names that a pulled image gets: the one that was asked for, and the one by digest. */
interface PulledNames {
  readonly asked: Reference;
  readonly byDigest: Reference;
}

function namesOf(reference: Reference, digest: string): PulledNames {
  const byDigest = { ...reference, tag: null, digest };
  return { asked: reference.digest === null ? reference : byDigest, byDigest };
}

async function bringImage(
  deps: PullDeps,
  source: PullSource,
  { plan, queue, names }: { plan: PullPlan; queue: Queue; names: PulledNames },
): Promise<void> {
  const { content, leases, store } = deps;
  const lease = imageLease(plan.manifest.config.digest);
  let isBrought = false;
  await leases.begin(lease);
  try {
    // Before the layers: what is here of them stays from then on. It must not arrive after the lease has ended.
    const leasing = content.setLease(lease, digestsOf(plan), { adds: true });
    leasing.catch(() => {});
    const config = await fetchConfig(content, source, plan).finally(() => leasing);
    const held = await bringLayers(deps, source, { plan, config, queue });
    try {
      source.signal.throwIfAborted();
      const layers = held.map(({ layer }) => layer);
      const blobs = blobsOf(plan, source, config.config.diffIds);
      const image = imageOf(plan, config, layers);
      store.commit({ ...commitOf({ source, names, plan, image, layers, blobs }), isLeased: true });
      isBrought = true;
    } finally {
      for (const { release } of held) release();
    }
  } finally {
    leases.end(lease, !isBrought);
  }
}

function digestsOf({ descriptor, manifest: { config, layers } }: PullPlan): string[] {
  return [descriptor, config, ...layers].map(({ digest }) => digest);
}

/** Brings all layers at once (the pool bounds what runs). When one fails the others stop, and none is held. */
async function bringLayers(
  { content, pool }: PullDeps,
  { reference, credentials, signal }: PullSource,
  { plan, config, queue }: { plan: PullPlan; config: FetchedConfig; queue: Queue },
): Promise<HeldLayer[]> {
  const repository = repositoryOf(reference);
  const failed = new AbortController();
  const joined = AbortSignal.any([signal, failed.signal]);
  const requests = plannedLayers(plan, config).map(({ descriptor, diffId }) =>
    pool.acquire({
      diffId,
      sizeBytes: descriptor.size,
      signal: joined,
      fetch: (options) => content.fetchBlob({ repository, descriptor, credentials }, options),
      onProgress(progress) {
        const { digest } = descriptor;
        queue.push(`${digest} ${progress.phase}`, { kind: 'layer', digest, progress });
      },
    }),
  );
  try {
    return await Promise.all(requests);
  } catch (error) {
    failed.abort();
    for (const result of await Promise.allSettled(requests)) {
      if (result.status === 'fulfilled') result.value.release();
    }
    throw error;
  }
}

function imageOf({ manifest }: PullPlan, { bytes, config }: FetchedConfig, layers: readonly Layer[]): Image {
  const createTimeMs = Date.parse(config.created ?? '');
  return {
    id: manifest.config.digest,
    config: bytes,
    platform: formatPlatform(config.platform),
    sizeBytes: layers.reduce((sum, layer) => sum + layer.sizeBytes, 0),
    createTimeMs: Number.isNaN(createTimeMs) ? null : createTimeMs,
  };
}

/** Where the archives of an image's layers are, should they be needed again. */
function blobsOf({ manifest }: PullPlan, { reference }: PullSource, diffIds: readonly string[]): LayerBlob[] {
  const repository = repositoryOf(reference);
  return manifest.layers.map(({ mediaType, digest, size }, index) => ({
    ...{ mediaType, digest, size, repository },
    diffId: diffIds[index] as string,
  }));
}

interface Pulled {
  readonly source: PullSource;
  readonly names: PulledNames;
  readonly image: Image;
  readonly layers: readonly Layer[];
  readonly plan: PullPlan;
  readonly blobs: readonly LayerBlob[];
}

function commitOf({ source: { reference }, names, image, layers, plan, blobs }: Pulled): ImageCommit {
  const name = familiarRepository(reference);
  const { asked, byDigest } = names;
  return {
    image,
    layers,
    references: formatReference(asked) === formatReference(byDigest) ? [byDigest] : [asked, byDigest],
    events: [{ verb: 'pull', objectId: familiarReference(reference), name }],
    isLeased: false,
    blobs,
    manifest: { ...plan.descriptor, repository: repositoryOf(reference) },
  };
}

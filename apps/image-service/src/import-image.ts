import { randomUUID } from 'node:crypto';
import {
  familiarReference,
  formatPlatform,
  hostPlatform,
  MEDIA_TYPES,
  parseImageConfig,
  parsePlatform,
  sha256Digest,
  type Platform,
  type Reference,
} from '@berth/oci';
import type { ImageRecord, Layer } from './image.ts';
import type { FetchLayer } from './bring-layer.ts';
import type { HeldLayer, LayerPool } from './layer-pool.ts';
import { detectLayerType } from './layer-type.ts';
import { imageLease, type Leases } from './leases.ts';
import type { Durability } from './durability.ts';
import { parseContainerConfig, parseNewReference } from './new-image.ts';
import type { ContentClient, ContentDescriptor, ImageEvent, ImageStore, IngestedBlob, LayerStore } from './ports.ts';

export interface ImportRequest {
  /** Empty for none. */
  readonly reference: string;
  /** An OCI config's `config` object as JSON; empty for `{}`. */
  readonly config: Uint8Array;
  /** The comment in the history. */
  readonly message: string;
  /** `os/arch[/variant]`; empty: the host's. */
  readonly platform: string;
}

export interface ImportDeps {
  readonly store: ImageStore;
  readonly pool: Pick<LayerPool, 'bring'>;
  readonly layers: Pick<LayerStore, 'spool'>;
  readonly content: ContentClient;
  readonly durability: Pick<Durability, 'begin'>;
  readonly leases: Pick<Leases, 'begin' | 'end'>;
  readonly nowMs: () => number;
}

/** Makes an image of one layer from a tar, plain or compressed. When it fails, nothing of it stays. */
export type ImportImage = (
  request: ImportRequest,
  data: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
) => Promise<ImageRecord>;

/** What a request asks for, checked. */
interface ImportPlan {
  readonly reference: Reference | null;
  readonly platform: Platform;
  readonly containerConfig: object;
  readonly message: string;
}

export function createImportImage(deps: ImportDeps): ImportImage {
  const { content, leases, nowMs } = deps;
  return async function importImage(request, data, signal) {
    const plan = planImport(request);
    // The content is kept by a lease of its own until the image has an id to lease it by.
    const lease = `import:${randomUUID()}`;
    await leases.begin(lease);
    try {
      const { layerBlob, held } = await bringLayer(deps, data, lease, signal);
      try {
        const config = createConfig(plan, held.layer, new Date(nowMs()));
        const digests = await ingestDocuments(content, { lease, config, layerBlob }, signal);
        return await commitLeased(deps, { plan, config, layer: held.layer, layerBlob, digests });
      } finally {
        held.release();
      }
    } finally {
      leases.end(lease);
    }
  };
}

/** What an import has brought: the blob, and the layer that it unpacks to. */
interface Brought {
  readonly layerBlob: ContentDescriptor;
  readonly held: HeldLayer;
}

/** The layer is unpacked while it comes; the content store takes it when it is here. */
async function bringLayer(
  { content, layers, pool }: ImportDeps,
  data: AsyncIterable<Uint8Array>,
  ...[lease, signal]: [lease: string, signal: AbortSignal]
): Promise<Brought> {
  await using files = new AsyncDisposableStack();
  const { mediaType, all } = await detectLayerType(data);
  const failed = new AbortController();
  const joined = AbortSignal.any([signal, failed.signal]);
  const ingested = Promise.withResolvers<IngestedBlob>();
  let ingesting = false;
  const fetch: FetchLayer = async ({ onOpened }) => {
    const { path, size } = files.use(await layers.spool(all, joined, onOpened));
    ingesting = true;
    content.ingestFile({ mediaType, lease }, { path, offset: 0, size }, joined).then(ingested.resolve, ingested.reject);
    return path;
  };
  ingested.promise.catch(() => {});
  try {
    const held = await pool.bring(fetch, joined);
    const { digest, size } = await ingested.promise.catch((error: unknown) => {
      held.release();
      throw error;
    });
    return { layerBlob: { mediaType, digest, size }, held };
  } catch (error) {
    failed.abort();
    if (ingesting) await ingested.promise.catch(() => {});
    throw error;
  }
}

function planImport(request: ImportRequest): ImportPlan {
  return {
    reference: parseNewReference(request.reference, 'cannot import digest reference'),
    platform: request.platform === '' ? hostPlatform() : parsePlatform(request.platform),
    containerConfig: parseContainerConfig(request.config),
    message: request.message,
  };
}

/** https://github.com/opencontainers/image-spec/blob/main/config.md. Throws IMAGE_CONFIG_INVALID. */
function createConfig({ platform, containerConfig, message }: ImportPlan, layer: Layer, time: Date): Buffer {
  const created = time.toISOString();
  const document = {
    created,
    architecture: platform.architecture,
    os: platform.os,
    ...(platform.variant === null ? {} : { variant: platform.variant }),
    config: containerConfig,
    rootfs: { type: 'layers', diff_ids: [layer.diffId] },
    history: [{ created, comment: message }],
  };
  const bytes = Buffer.from(JSON.stringify(document));
  parseImageConfig(bytes);
  return bytes;
}

/** Stores config and manifest too, so that the image can be pushed and saved. Returns the digests of all its content. */
async function ingestDocuments(
  content: ContentClient,
  { lease, config, layerBlob }: { lease: string; config: Buffer; layerBlob: ContentDescriptor },
  signal: AbortSignal,
): Promise<string[]> {
  const manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    config: { mediaType: MEDIA_TYPES.ociConfig, digest: sha256Digest(config), size: config.length },
    layers: [layerBlob],
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  await content.ingest({ mediaType: MEDIA_TYPES.ociConfig, lease }, once(config), signal);
  await content.ingest({ mediaType: MEDIA_TYPES.ociManifest, lease }, once(bytes), signal);
  return [sha256Digest(bytes), sha256Digest(config), layerBlob.digest];
}

interface CommitParts {
  readonly plan: ImportPlan;
  readonly config: Buffer;
  readonly layer: Layer;
  readonly layerBlob: ContentDescriptor;
  readonly digests: readonly string[];
}

/** Commits the image with a lease by its id on all its content. */
async function commitLeased(
  { store, content, leases, durability, nowMs }: ImportDeps,
  { plan, config, layer, layerBlob, digests }: CommitParts,
): Promise<ImageRecord> {
  const id = sha256Digest(config);
  const { reference, platform } = plan;
  const event = (verb: ImageEvent['verb'], name: string): ImageEvent => ({ verb, objectId: id, name });
  await leases.begin(imageLease(id));
  try {
    await content.setLease(imageLease(id), digests);
    store.commit({
      image: { id, config, platform: formatPlatform(platform), sizeBytes: layer.sizeBytes, createTimeMs: nowMs() },
      layers: [layer],
      references: reference === null ? [] : [reference],
      events: [event('import', id), ...(reference === null ? [] : [event('tag', familiarReference(reference))])],
      isLeased: true,
      blobs: [{ ...layerBlob, diffId: layer.diffId, repository: null }],
    });
    durability.begin();
    return store.get(id) as ImageRecord;
  } finally {
    leases.end(imageLease(id));
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

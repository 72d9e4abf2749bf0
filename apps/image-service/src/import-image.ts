import { randomUUID } from 'node:crypto';
import { BerthError } from '@berth/errors';
import {
  familiarReference,
  formatPlatform,
  hostPlatform,
  MEDIA_TYPES,
  parseImageConfig,
  parsePlatform,
  parseReference,
  sha256Digest,
  withDefaultTag,
  type Platform,
  type Reference,
} from '@berth/oci';
import type { ImageRecord, Layer } from './image.ts';
import type { LayerPool } from './layer-pool.ts';
import type { ContentClient, ImageEvent, ImageStore, ImportLeases, IngestedBlob } from './ports.ts';

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
  readonly pool: LayerPool;
  readonly content: ContentClient;
  readonly leases: ImportLeases;
  readonly nowMs: () => number;
}

/** Makes an image of one layer from a tar, plain or compressed. */
export type ImportImage = (
  request: ImportRequest,
  data: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
) => Promise<ImageRecord>;

export function createImportImage(deps: ImportDeps): ImportImage {
  return async function importImage(request, data, signal) {
    const reference = request.reference === '' ? null : parseImportReference(request.reference);
    const platform = request.platform === '' ? hostPlatform() : parsePlatform(request.platform);
    const containerConfig = parseContainerConfig(request.config);
    // The content is kept by a lease of its own until the image has an id to lease it by.
    const lease = `import:${randomUUID()}`;
    deps.leases.add(lease);
    try {
      const { mediaType, all } = await detectLayerType(data);
      const blob = await deps.content.ingest({ mediaType, lease }, all, signal);
      const held = await deps.pool.adopt(blob.path, signal);
      try {
        const document = { request, platform, containerConfig, layer: held.layer, created: new Date(deps.nowMs()) };
        const config = Buffer.from(JSON.stringify(configDocument(document)));
        parseImageConfig(config);
        await ingestDocuments(deps.content, { lease, config, blob: { ...blob, mediaType } }, signal);
        return commit(deps, {
          config,
          layer: held.layer,
          platform,
          reference,
          createTimeMs: document.created.getTime(),
        });
      } finally {
        held.release();
      }
    } finally {
      await deps.content.setLease(lease, []).then(() => deps.leases.remove(lease));
    }
  };
}

function parseImportReference(text: string): Reference {
  const reference = withDefaultTag(parseReference(text));
  if (reference.digest !== null) {
    throw new BerthError('REFERENCE_INVALID', 'cannot import digest reference');
  }
  return reference;
}

function parseContainerConfig(bytes: Uint8Array): object {
  if (bytes.length === 0) return {};
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Falls through to the one error.
  }
  throw new BerthError('INVALID_ARGUMENT', "the image's config is not a JSON object");
}

interface ConfigParts {
  readonly request: ImportRequest;
  readonly platform: Platform;
  readonly containerConfig: object;
  readonly layer: Layer;
  readonly created: Date;
}

/** https://github.com/opencontainers/image-spec/blob/main/config.md */
function configDocument({ request, platform, containerConfig, layer, created }: ConfigParts): object {
  return {
    created: created.toISOString(),
    architecture: platform.architecture,
    os: platform.os,
    ...(platform.variant === null ? {} : { variant: platform.variant }),
    config: containerConfig,
    rootfs: { type: 'layers', diff_ids: [layer.diffId] },
    history: [{ created: created.toISOString(), comment: request.message }],
  };
}

/** Stores config and manifest too, so that the image can be pushed and saved, and leases all by the image's id. */
async function ingestDocuments(
  content: ContentClient,
  { lease, config, blob }: { lease: string; config: Uint8Array; blob: IngestedBlob & { mediaType: string } },
  signal: AbortSignal,
): Promise<void> {
  const imageId = sha256Digest(config);
  const manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    config: { mediaType: MEDIA_TYPES.ociConfig, digest: imageId, size: config.length },
    layers: [{ mediaType: blob.mediaType, digest: blob.digest, size: blob.size }],
  };
  await content.ingest({ mediaType: MEDIA_TYPES.ociConfig, lease }, once(config), signal);
  const bytes = Buffer.from(JSON.stringify(manifest));
  const stored = await content.ingest({ mediaType: MEDIA_TYPES.ociManifest, lease }, once(bytes), signal);
  await content.setLease(`image:${imageId}`, [stored.digest, imageId, blob.digest]);
}

interface CommitParts {
  readonly config: Uint8Array;
  readonly layer: Layer;
  readonly platform: Platform;
  readonly reference: Reference | null;
  readonly createTimeMs: number;
}

function commit({ store }: ImportDeps, { config, layer, platform, reference, createTimeMs }: CommitParts): ImageRecord {
  const id = sha256Digest(config);
  const event = (verb: ImageEvent['verb'], name: string): ImageEvent => ({ verb, objectId: id, name });
  store.commit({
    image: { id, config, platform: formatPlatform(platform), sizeBytes: layer.sizeBytes, createTimeMs },
    layers: [layer],
    references: reference === null ? [] : [reference],
    events: [event('import', id), ...(reference === null ? [] : [event('tag', familiarReference(reference))])],
  });
  return store.get(id) as ImageRecord;
}

const MAGIC_LENGTH = 4;

/** Finds out by its first bytes how a layer is compressed, and gives back all its bytes. */
async function detectLayerType(
  data: AsyncIterable<Uint8Array>,
): Promise<{ mediaType: string; all: AsyncIterable<Uint8Array> }> {
  const iterator = data[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < MAGIC_LENGTH) {
    const next = await iterator.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    yield head;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { mediaType: layerTypeOf(head), all: all() };
}

function layerTypeOf(head: Buffer): string {
  if (head[0] === 0x1f && head[1] === 0x8b) return MEDIA_TYPES.ociLayerGzip;
  if (head.subarray(0, MAGIC_LENGTH).equals(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]))) return MEDIA_TYPES.ociLayerZstd;
  return MEDIA_TYPES.ociLayer;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

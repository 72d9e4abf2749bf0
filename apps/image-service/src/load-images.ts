import { createReadStream } from 'node:fs';
import { BerthError } from '@berth/errors';
import {
  familiarReference,
  formatPlatform,
  hostPlatform,
  layerCompression,
  MEDIA_TYPES,
  parseImageConfig,
  parsePlatform,
  sha256Digest,
  type ImageConfig,
  type Reference,
} from '@berth/oci';
import { createKeyedLock, type KeyedLock } from '@berth/service-kit';
import { blobName, listArchivedImages, type ArchivedImage } from './archived-images.ts';
import { checkPlatform } from './check-platform.ts';
import type { Durability } from './durability.ts';
import { archiveLease, checkName, decompress, invalid, readImageArchive, type ImageArchive } from './image-archive.ts';
import type { Image, ImageRecord, Layer } from './image.ts';
import type { HeldLayer, LayerPool } from './layer-pool.ts';
import { detectLayerType } from './layer-type.ts';
import { imageLease, type Leases } from './leases.ts';
import { mapInOrder } from './map-in-order.ts';
import type { ContentClient, ImageEvent, ImageStore, IngestedBlob, LayerBlob, LayerStore } from './ports.ts';

export interface LoadDeps {
  readonly store: ImageStore;
  readonly pool: Pick<LayerPool, 'acquire'>;
  readonly layers: Pick<LayerStore, 'spool'>;
  readonly content: Pick<ContentClient, 'ingest' | 'ingestFile' | 'setLease'>;
  readonly durability: Pick<Durability, 'begin'>;
  readonly leases: Pick<Leases, 'begin' | 'end'>;
}

export interface LoadedImage {
  readonly image: ImageRecord;
  readonly references: readonly Reference[];
}

/**
 * Makes images of a Docker archive or an OCI image layout, and tells each that is there. Everything is verified by its digest: a layer by
 * what its image's config says. Throws ARCHIVE_INVALID, IMAGE_CONFIG_INVALID, MANIFEST_INVALID, MEDIA_TYPE_UNSUPPORTED,
 * PLATFORM_NOT_FOUND, LAYER_INVALID, LAYER_LIMIT, DIGEST_MISMATCH, DISK_FULL, CANCELLED; images that were whole by then stay.
 */
export type LoadImages = (data: AsyncIterable<Uint8Array>, options: LoadOptions) => AsyncGenerator<LoadedImage>;

export interface LoadOptions {
  /** Which variant of each image is wanted, `os/arch[/variant]`; empty: the host's of an index, and any image that stands alone. */
  readonly platform: string;
  readonly signal: AbortSignal;
}

// The disk syncs what several images need at once for little more than what one needs.
const IMAGES_AT_ONCE = 8;

export function createLoadImages(deps: LoadDeps): LoadImages {
  const { layers, leases } = deps;
  const locks = createKeyedLock();
  return async function* loadImages(data, { platform, signal }) {
    // What describes the images comes last in an archive: it is looked at when all is there.
    await using spooled = await layers.spool(await decompress(data), signal);
    const lease = archiveLease();
    await leases.begin(lease);
    try {
      const archive = await readImageArchive(spooled.path);
      const ingest = createIngest(deps, { archive, lease, signal });
      const images = await listArchivedImages(archive, platform === '' ? hostPlatform() : parsePlatform(platform));
      yield* mapInOrder(images, { width: IMAGES_AT_ONCE, signal }, (archived, joined) =>
        load(deps, { archive, archived, platform, ingest, lease, locks, signal: joined }),
      );
    } finally {
      leases.end(lease);
    }
  };
}

interface Source {
  readonly archive: ImageArchive;
  readonly archived: ArchivedImage;
  /** What it must be for; empty: any. */
  readonly platform: string;
  readonly ingest: IngestFile;
  /** Keeps the archive's content meanwhile. */
  readonly lease: string;
  /** By the id of an image, which may be in several archives, and in one several times. */
  readonly locks: KeyedLock;
  readonly signal: AbortSignal;
}

async function load(deps: LoadDeps, source: Source): Promise<LoadedImage> {
  const { archive, archived, locks } = source;
  const bytes = await archive.document(archived.config);
  const config = parseImageConfig(bytes);
  checkConfig(config, archived);
  checkPlatform(archived.config, { platform: formatPlatform(config.platform) }, source.platform);
  const made = { id: sha256Digest(bytes), bytes, config };
  return locks.run(made.id, () => commit(deps, source, made));
}

async function commit(deps: LoadDeps, source: Source, made: NewImage): Promise<LoadedImage> {
  const { store } = deps;
  const { archived } = source;
  const { id } = made;
  const known = store.find(id);
  if (known === null) {
    await bringImage(deps, source, made);
  } else {
    const { references } = archived;
    const events = eventsOf(known.id, references);
    store.commit({ image: known, layers: store.layersOf(id), references, events, isLeased: false });
  }
  deps.durability.begin();
  return { image: store.get(id) as ImageRecord, references: archived.references };
}

function checkConfig({ diffIds, platform }: ImageConfig, { layers }: ArchivedImage): void {
  if (diffIds.length !== layers.length) {
    throw invalid(`an image's config names ${diffIds.length} layers, the archive ${layers.length}`);
  }
  if (platform.os !== 'linux') {
    throw new BerthError(
      'PLATFORM_NOT_FOUND',
      `image operating system "${platform.os}" cannot be used on this platform`,
    );
  }
}

interface NewImage {
  readonly id: string;
  readonly bytes: Buffer;
  readonly config: ImageConfig;
}

async function bringImage(deps: LoadDeps, source: Source, made: NewImage): Promise<void> {
  const { content, leases, store } = deps;
  const { archived, signal } = source;
  const { held, blobs } = await bringContent(deps, source, made.config);
  const kept = imageLease(made.id);
  await leases.begin(kept);
  try {
    // As it is pushed again by what its maker wrote, its layers should be compressed.
    const manifest = isCompressed(blobs) ? archived.manifest : null;
    const digest = await ingestDocuments(deps, source, { made, blobs, manifest });
    await content.setLease(kept, [digest, made.id, ...blobs.map((blob) => blob.digest)], { adds: true });
    signal.throwIfAborted();
    const layers = held.map(({ layer }) => layer);
    const { references } = archived;
    const image = imageOf(made, layers);
    store.commit({
      ...{ image, layers, references, events: eventsOf(image.id, references), isLeased: true, blobs },
      ...(manifest === null ? {} : { manifest: { ...manifest, repository: null } }),
    });
  } finally {
    leases.end(kept);
    for (const { release } of held) release();
  }
}

function isCompressed(blobs: readonly LayerBlob[]): boolean {
  return blobs.every(({ mediaType }) => layerCompression(mediaType) !== 'none');
}

/** Stores the config and the manifest, a new one when there is none to keep; returns the digest of that. */
async function ingestDocuments(
  { content }: LoadDeps,
  { archive, lease, signal }: Source,
  image: { made: NewImage; blobs: readonly LayerBlob[]; manifest: ArchivedImage['manifest'] },
): Promise<string> {
  const { made, blobs, manifest } = image;
  const bytes = manifest === null ? manifestOf(made, blobs) : await archive.document(blobName(manifest.digest));
  const mediaType = manifest?.mediaType ?? MEDIA_TYPES.ociManifest;
  const [{ digest }] = await Promise.all([
    content.ingest({ mediaType, lease }, once(bytes), signal),
    content.ingest({ mediaType: MEDIA_TYPES.ociConfig, lease }, once(made.bytes), signal),
  ]);
  return digest;
}

interface BroughtContent {
  readonly held: HeldLayer[];
  readonly blobs: LayerBlob[];
}

/** Unpacks the layers while the content store takes them. When one fails the others stop, and none is held. */
async function bringContent(deps: LoadDeps, source: Source, { diffIds }: ImageConfig): Promise<BroughtContent> {
  const failed = new AbortController();
  const joined = { ...source, signal: AbortSignal.any([source.signal, failed.signal]) };
  const acquiring = diffIds.map((diffId, index) => acquireLayer(deps, joined, { diffId, index }));
  const ingesting = ingestLayers(joined, diffIds);
  try {
    const [held, blobs] = await Promise.all([Promise.all(acquiring), ingesting]);
    return { held, blobs };
  } catch (error) {
    failed.abort();
    await ingesting.catch(() => {});
    for (const result of await Promise.allSettled(acquiring)) {
      if (result.status === 'fulfilled') result.value.release();
    }
    throw error;
  }
}

async function acquireLayer(
  { pool }: LoadDeps,
  { archive, archived, signal }: Source,
  { diffId, index }: { diffId: string; index: number },
): Promise<HeldLayer> {
  const { offset, size } = archive.file(archived.layers[index] as string);
  const fetch = () => Promise.resolve(archive.path);
  const range = { offset, length: size };
  return pool.acquire({ diffId, sizeBytes: size, range, signal, fetch, onProgress: () => {} });
}

/** One after the other: they come from one disk, and go to one. */
async function ingestLayers(source: Source, diffIds: readonly string[]): Promise<LayerBlob[]> {
  const { archive, archived, signal } = source;
  const blobs: LayerBlob[] = [];
  for (const [index, diffId] of diffIds.entries()) {
    const name = archived.layers[index] as string;
    const { offset } = archive.file(name);
    const { mediaType } = await detectLayerType(createReadStream(archive.path, { start: offset, end: offset + 15 }));
    signal.throwIfAborted();
    const { digest, size } = await source.ingest(name);
    blobs.push({ mediaType, digest, size, repository: null, diffId });
  }
  return blobs;
}

/** Puts a file of the archive into the content store. */
type IngestFile = (name: string) => Promise<IngestedBlob>;

/** Each file goes once, however many images have it. */
function createIngest(
  { content }: LoadDeps,
  { archive, lease, signal }: Pick<Source, 'archive' | 'lease' | 'signal'>,
): IngestFile {
  const ingested = new Map<number, Promise<IngestedBlob>>();
  return async (name) => {
    const { offset, size } = archive.file(name);
    const file = { path: archive.path, offset, size };
    const mediaType = 'application/octet-stream';
    const ingesting = ingested.get(offset) ?? content.ingestFile({ mediaType, lease }, file, signal);
    ingested.set(offset, ingesting);
    const blob = await ingesting;
    checkName(name, blob.digest);
    return blob;
  };
}

function manifestOf({ id, bytes }: NewImage, blobs: readonly LayerBlob[]): Buffer {
  const document = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    config: { mediaType: MEDIA_TYPES.ociConfig, digest: id, size: bytes.length },
    layers: blobs.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
  };
  return Buffer.from(JSON.stringify(document));
}

function imageOf({ id, bytes, config }: NewImage, layers: readonly Layer[]): Image {
  const createTimeMs = Date.parse(config.created ?? '');
  return {
    id,
    config: bytes,
    platform: formatPlatform(config.platform),
    sizeBytes: layers.reduce((sum, layer) => sum + layer.sizeBytes, 0),
    createTimeMs: Number.isNaN(createTimeMs) ? null : createTimeMs,
  };
}

function eventsOf(id: string, references: readonly Reference[]): ImageEvent[] {
  if (references.length === 0) return [{ verb: 'load', objectId: id, name: id }];
  return references.map((reference) => ({ verb: 'load', objectId: id, name: familiarReference(reference) }));
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

import { createReadStream } from 'node:fs';
import { BerthError } from '@berth/errors';
import {
  familiarReference,
  formatPlatform,
  layerCompression,
  MEDIA_TYPES,
  parseImageConfig,
  sha256Digest,
  type ImageConfig,
  type Reference,
} from '@berth/oci';
import { listArchivedImages, type ArchivedImage } from './archived-images.ts';
import type { Durability } from './durability.ts';
import { archiveLease, invalid, readImageArchive, type ImageArchive } from './image-archive.ts';
import type { Image, ImageRecord, Layer } from './image.ts';
import type { HeldLayer, LayerPool } from './layer-pool.ts';
import { detectLayerType } from './layer-type.ts';
import { imageLease, type Leases } from './leases.ts';
import type { ContentClient, ImageEvent, ImageStore, LayerBlob } from './ports.ts';

export interface LoadDeps {
  readonly store: ImageStore;
  readonly pool: Pick<LayerPool, 'acquire'>;
  readonly content: Pick<ContentClient, 'ingest' | 'setLease'>;
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
 * PLATFORM_NOT_FOUND, LAYER_INVALID, LAYER_LIMIT, DIGEST_MISMATCH, DISK_FULL, CANCELLED; images that were told by then stay.
 */
export type LoadImages = (data: AsyncIterable<Uint8Array>, signal: AbortSignal) => AsyncGenerator<LoadedImage>;

export function createLoadImages(deps: LoadDeps): LoadImages {
  const { content, leases } = deps;
  return async function* loadImages(data, signal) {
    const lease = archiveLease();
    leases.begin(lease);
    try {
      const archive = await readImageArchive(content, { lease, data, signal });
      for (const archived of await listArchivedImages(archive)) {
        yield await load(deps, { archive, archived, lease, signal });
      }
    } finally {
      leases.end(lease);
    }
  };
}

interface Source {
  readonly archive: ImageArchive;
  readonly archived: ArchivedImage;
  /** Keeps the archive's content meanwhile. */
  readonly lease: string;
  readonly signal: AbortSignal;
}

async function load(deps: LoadDeps, source: Source): Promise<LoadedImage> {
  const { store } = deps;
  const { archive, archived } = source;
  const bytes = await archive.document(archived.config);
  const config = parseImageConfig(bytes);
  checkConfig(config, archived);
  const id = sha256Digest(bytes);
  const known = store.find(id);
  if (known === null) {
    await bringImage(deps, source, { id, bytes, config });
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
  const { archived, lease, signal } = source;
  const blobs = await layerBlobsOf(source, made.config);
  const held = await bringLayers(deps, source, blobs);
  const kept = imageLease(made.id);
  leases.begin(kept);
  try {
    const manifest = isWorthKeeping(archived, blobs) ? archived.manifest : null;
    const digest = manifest?.digest ?? (await ingestManifest(content, manifestOf(made, blobs), { lease, signal }));
    await content.setLease(kept, [digest, made.id, ...blobs.map((blob) => blob.digest)]);
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

/** As it is pushed again by what its maker wrote, its layers should be compressed. */
function isWorthKeeping({ manifest }: ArchivedImage, blobs: readonly LayerBlob[]): boolean {
  return manifest !== null && blobs.every(({ mediaType }) => layerCompression(mediaType) !== 'none');
}

async function ingestManifest(
  content: Pick<ContentClient, 'ingest'>,
  manifest: Buffer,
  { lease, signal }: { lease: string; signal: AbortSignal },
): Promise<string> {
  return (await content.ingest({ mediaType: MEDIA_TYPES.ociManifest, lease }, once(manifest), signal)).digest;
}

async function layerBlobsOf({ archive, archived }: Source, { diffIds }: ImageConfig): Promise<LayerBlob[]> {
  const blobs = archived.layers.map(async (path, index): Promise<LayerBlob> => {
    const { digest, size, path: blobPath } = archive.file(path);
    const { mediaType } = await detectLayerType(createReadStream(blobPath, { end: 15 }));
    return { mediaType, digest, size, repository: null, diffId: diffIds[index] as string };
  });
  return Promise.all(blobs);
}

/** Unpacks all layers (the pool bounds how many at once). When one fails the others stop, and none is held. */
async function bringLayers(
  { pool }: LoadDeps,
  { archive, archived, signal }: Source,
  blobs: readonly LayerBlob[],
): Promise<HeldLayer[]> {
  const failed = new AbortController();
  const joined = AbortSignal.any([signal, failed.signal]);
  const requests = blobs.map(({ diffId, size }, index) => {
    const { path } = archive.file(archived.layers[index] as string);
    const fetch = () => Promise.resolve(path);
    return pool.acquire({ diffId, sizeBytes: size, signal: joined, fetch, onProgress: () => {} });
  });
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

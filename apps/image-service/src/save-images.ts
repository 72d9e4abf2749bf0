import {
  familiarReference,
  formatReference,
  MEDIA_TYPES,
  parseReference,
  sha256Digest,
  TAR_END,
  tarHeader,
  tarPadding,
  type Reference,
} from '@berth/oci';
import { checkPlatform } from './check-platform.ts';
import type { ImageRecord, Layer } from './image.ts';
import type { LayerPool } from './layer-pool.ts';
import { toOciLayerType } from './layer-type.ts';
import { lookUpImage } from './lookup.ts';
import type { ContentClient, ContentDescriptor, ImageStore, LayerStore } from './ports.ts';
import { readChunks } from './read-chunks.ts';

export interface SaveDeps {
  readonly store: ImageStore;
  readonly layers: Pick<LayerStore, 'pack'>;
  readonly content: Pick<ContentClient, 'fetchBlob' | 'locate'>;
  readonly pool: Pick<LayerPool, 'hold'>;
}

/** A part of an archive: its bytes, or a file that has them, whole. */
export type ArchivePart =
  | { readonly kind: 'bytes'; readonly data: Uint8Array }
  | { readonly kind: 'file'; readonly path: string; readonly sizeBytes: number };

export interface SaveOptions {
  /** The reader takes files in the place of their bytes. */
  readonly acceptsFiles: boolean;
  /** What the images must be for, `os/arch[/variant]`; empty: any. */
  readonly platform: string;
  readonly signal: AbortSignal;
}

/**
 * Writes images as a tar that is an OCI image layout and a Docker archive, as Docker does since 25. Throws IMAGE_NOT_FOUND,
 * IMAGE_AMBIGUOUS, REFERENCE_INVALID, BLOB_NOT_FOUND, DIGEST_MISMATCH for a layer whose archive is nowhere any more, DISK_FULL, CANCELLED,
 * and what a registry answers that is asked for a layer.
 */
export type SaveImages = (names: readonly string[], options: SaveOptions) => AsyncGenerator<ArchivePart>;

export function createSaveImages(deps: SaveDeps): SaveImages {
  return async function* saveImages(names, options) {
    const chosen = choose(deps.store, names);
    for (const { image, references } of chosen) {
      checkPlatform(references.map(familiarReference)[0] ?? image.id, image, options.platform);
    }
    const release = deps.pool.hold(chosen.flatMap(({ image }) => deps.store.layersOf(image.id)));
    try {
      yield* writeLayout(deps, chosen, options);
    } finally {
      release();
    }
  };
}

/** An image to save, with the names that it is saved under. */
interface ChosenImage {
  readonly image: ImageRecord;
  readonly references: Reference[];
}

/** In the order of the names, each image once. */
function choose(store: ImageStore, names: readonly string[]): ChosenImage[] {
  const chosen = new Map<string, ChosenImage>();
  const add = (image: ImageRecord, references: readonly Reference[]): void => {
    const entry = chosen.get(image.id) ?? { image, references: [] };
    chosen.set(image.id, entry);
    const known = new Set(entry.references.map(formatReference));
    entry.references.push(...references.filter((reference) => !known.has(formatReference(reference))));
  };
  for (const name of names) {
    const tagged = allTagsOf(store, name);
    for (const { image, references } of tagged) add(image, references);
    if (tagged.length > 0) continue;
    const image = lookUpImage(store, name);
    const asked = image.references.filter((reference) => reference.tag !== null && isNameOf(name, reference));
    add(image, asked);
  }
  return [...chosen.values()];
}

/** What a repository without a tag means; nothing when the name is none. */
function allTagsOf(store: ImageStore, name: string): ChosenImage[] {
  if (/^(?:sha256:)?[0-9a-f]{64}$/.test(name)) return [];
  const { domain, path, tag, digest } = parseReference(name);
  if (tag !== null || digest !== null) return [];
  const isIn = (reference: Reference) =>
    reference.tag !== null && reference.domain === domain && reference.path === path;
  return store
    .list()
    .map((image) => ({ image, references: image.references.filter(isIn) }))
    .filter(({ references }) => references.length > 0);
}

function isNameOf(name: string, reference: Reference): boolean {
  return (
    !/^(?:sha256:)?[0-9a-f]{64}$/.test(name) && formatReference(parseReference(name)) === formatReference(reference)
  );
}

/** What manifest.json and index.json say of an image. */
interface SavedImage extends ChosenImage {
  readonly manifest: ContentDescriptor;
  readonly layers: readonly ContentDescriptor[];
}

async function* writeLayout(
  deps: SaveDeps,
  chosen: readonly ChosenImage[],
  options: SaveOptions,
): AsyncGenerator<ArchivePart> {
  const written = new Set<string>();
  const layers = new Map<string, ContentDescriptor>();
  const saved: SavedImage[] = [];
  yield bytes(tarHeader({ path: 'blobs/', type: 'directory' }, 0));
  yield bytes(tarHeader({ path: 'blobs/sha256/', type: 'directory' }, 0));
  for (const { image, references } of chosen) {
    const stack: ContentDescriptor[] = [];
    for (const layer of deps.store.layersOf(image.id)) {
      const known = layers.get(layer.diffId);
      const descriptor = known ?? (yield* writeLayer(deps, layer, { ...options, written }));
      layers.set(layer.diffId, descriptor);
      stack.push(descriptor);
    }
    const config = yield* writeDocument(MEDIA_TYPES.ociConfig, image.config, written);
    const document = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociManifest, config, layers: stack };
    const manifest = yield* writeDocument(MEDIA_TYPES.ociManifest, Buffer.from(JSON.stringify(document)), written);
    saved.push({ image, references, manifest, layers: stack });
  }
  yield* writeJson('index.json', toIndex(saved));
  yield* writeJson('manifest.json', toDockerManifest(saved));
  yield* writeJson('oci-layout', { imageLayoutVersion: '1.0.0' });
  yield bytes(TAR_END);
}

/** Writes the archive that a layer came as; of one that was made here, the one that it is. */
async function* writeLayer(
  { store, content, layers }: SaveDeps,
  layer: Layer,
  { written, acceptsFiles, signal }: SaveOptions & { written: Set<string> },
): AsyncGenerator<ArchivePart, ContentDescriptor> {
  const blob = store.findBlob(layer.diffId);
  if (blob === null) {
    await using packed = await layers.pack(layer, signal);
    const made = { mediaType: MEDIA_TYPES.ociLayer, digest: layer.diffId, size: packed.size };
    // Sent, because it is gone when a client could look for it.
    yield* writeBlob(made, readParts(packed.path), written);
    return made;
  }
  const { repository, digest, size, mediaType } = blob;
  const descriptor = { mediaType: toOciLayerType(mediaType), digest, size };
  const path =
    repository === null
      ? await content.locate(blob, signal)
      : await content.fetchBlob({ repository, descriptor: blob, credentials: null }, { signal });
  const parts = acceptsFiles ? [{ kind: 'file' as const, path, sizeBytes: size }] : readParts(path);
  yield* writeBlob(descriptor, parts, written);
  return descriptor;
}

async function* readParts(path: string): AsyncGenerator<ArchivePart> {
  for await (const chunk of readChunks(path)) yield bytes(chunk);
}

function bytes(data: Uint8Array): ArchivePart {
  return { kind: 'bytes', data };
}

async function* writeDocument(
  mediaType: string,
  content: Uint8Array,
  written: Set<string>,
): AsyncGenerator<ArchivePart, ContentDescriptor> {
  const descriptor = { mediaType, digest: sha256Digest(content), size: content.length };
  yield* writeBlob(descriptor, [bytes(content)], written);
  return descriptor;
}

async function* writeBlob(
  { digest, size }: ContentDescriptor,
  parts: AsyncIterable<ArchivePart> | Iterable<ArchivePart>,
  written: Set<string>,
): AsyncGenerator<ArchivePart> {
  if (written.has(digest)) return;
  written.add(digest);
  yield bytes(tarHeader({ path: pathOf(digest) }, size));
  yield* parts;
  yield bytes(tarPadding(size));
}

function* writeJson(path: string, document: unknown): Generator<ArchivePart> {
  const content = Buffer.from(JSON.stringify(document));
  yield bytes(tarHeader({ path }, content.length));
  yield bytes(content);
  yield bytes(tarPadding(content.length));
}

function pathOf(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`;
}

/** https://github.com/opencontainers/image-spec/blob/main/image-layout.md, with the annotations by which containerd and Docker name images. */
function toIndex(saved: readonly SavedImage[]): object {
  const manifests = saved.flatMap(({ manifest, references }) =>
    references.length === 0
      ? [manifest]
      : references.map((reference) => ({
          ...manifest,
          annotations: {
            'io.containerd.image.name': formatReference(reference),
            'org.opencontainers.image.ref.name': reference.tag,
          },
        })),
  );
  return { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests };
}

/** What `docker load` has read ever since. */
function toDockerManifest(saved: readonly SavedImage[]): object {
  return saved.map(({ image, references, layers }) => ({
    Config: pathOf(image.id),
    RepoTags: references.length === 0 ? null : references.map(familiarReference),
    Layers: layers.map(({ digest }) => pathOf(digest)),
  }));
}

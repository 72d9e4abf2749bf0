import { readFile } from 'node:fs/promises';
import { isBerthError } from '@berth/errors';
import { isForeignLayerMediaType, MEDIA_TYPES, parseManifest, type Manifest } from '@berth/oci';
import type { Image, Layer } from './image.ts';
import { isDockerLayerType, toDockerLayerType, toOciLayerType } from './layer-type.ts';
import type { ContentClient, ContentDescriptor, ImageManifest, ImageStore } from './ports.ts';

/** What a push has to bring. */
export interface PushPlan {
  /** The manifest that the image came with; null: it is made when all archives are known. */
  readonly original: ManifestBytes | null;
  /** Where the original and what it names come from; null when there is none, or no registry has it. */
  readonly repository: string | null;
  readonly config: ContentDescriptor;
  /** Lowest first. */
  readonly layers: readonly PushedLayer[];
}

export interface ManifestBytes {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

export interface PushedLayer {
  readonly layer: Layer;
  /** Its archive; null: to be found. */
  readonly descriptor: ContentDescriptor | null;
  /** True for a layer that registries do not have to hold, as it says where it is. */
  readonly isForeign: boolean;
}

export interface PushPlanDeps {
  readonly store: Pick<ImageStore, 'findManifest' | 'layersOf'>;
  readonly content: Pick<ContentClient, 'getManifest' | 'locate'>;
}

/** Plans the push of an image: as it came, if it came from somewhere and that is still to be had. */
export async function planPush({ store, content }: PushPlanDeps, image: Image, signal: AbortSignal): Promise<PushPlan> {
  const layers = store.layersOf(image.id);
  const known = store.findManifest(image.id);
  const original = known === null ? null : await bringManifest(content, known, signal);
  const config = { mediaType: MEDIA_TYPES.ociConfig, digest: image.id, size: image.config.byteLength };
  if (original === null) {
    const made = layers.map((layer) => ({ layer, descriptor: null, isForeign: false }));
    return { original, repository: null, config, layers: made };
  }
  const manifest = parseManifest(original.bytes, original.mediaType);
  return {
    original,
    repository: known?.repository ?? null,
    config: manifest.config,
    layers: layers.map((layer, index) => pushedLayer(manifest, layer, index)),
  };
}

/** Null when nobody has it any more: then another is as good. */
async function bringManifest(
  content: PushPlanDeps['content'],
  known: ImageManifest,
  signal: AbortSignal,
): Promise<ManifestBytes | null> {
  const { repository, mediaType } = known;
  try {
    if (repository === null) return { bytes: await readFile(await content.locate(known, signal)), mediaType };
    return await content.getManifest({ repository, descriptor: known, credentials: null }, signal);
  } catch (error) {
    if (signal.aborted || isBerthError(error, 'CANCELLED', 'SERVICE_UNAVAILABLE')) throw error;
    return null;
  }
}

function pushedLayer({ layers }: Manifest, layer: Layer, index: number): PushedLayer {
  const descriptor = layers[index];
  if (descriptor === undefined) return { layer, descriptor: null, isForeign: false };
  const isForeign = isForeignLayerMediaType(descriptor.mediaType) && descriptor.urls.length > 0;
  return { layer, descriptor, isForeign };
}

/** The manifest of an image that was made here: of Docker's schema 2 when it stands on layers of that kind, otherwise of OCI. */
export function makeManifest(config: ContentDescriptor, layers: readonly ContentDescriptor[]): ManifestBytes {
  const isDocker = layers.some(({ mediaType }) => isDockerLayerType(mediaType));
  const mediaType = isDocker ? MEDIA_TYPES.dockerManifest : MEDIA_TYPES.ociManifest;
  const toType = isDocker ? toDockerLayerType : toOciLayerType;
  const document = {
    schemaVersion: 2,
    mediaType,
    config: descriptorOf(config, isDocker ? MEDIA_TYPES.dockerConfig : MEDIA_TYPES.ociConfig),
    layers: layers.map((layer) => descriptorOf(layer, toType(layer.mediaType))),
  };
  return { bytes: Buffer.from(JSON.stringify(document)), mediaType };
}

function descriptorOf({ digest, size }: ContentDescriptor, mediaType: string): ContentDescriptor {
  return { mediaType, digest, size };
}

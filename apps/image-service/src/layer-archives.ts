import { layerCompression, MEDIA_TYPES } from '@berth/oci';
import { createKeyedLock } from '@berth/service-kit';
import type { Layer } from './image.ts';
import { layerLease, type Leases } from './leases.ts';
import type { ContentClient, ImageStore, LayerBlob, LayerStore, PackedLayer } from './ports.ts';
import { readChunks } from './read-chunks.ts';

/** The archives of layers, as registries shall have them. */
export interface LayerArchives {
  /**
   * The archive of a layer that is held. One that nobody compressed so far is made, once, and kept as long as the layer. Throws DISK_FULL,
   * BLOB_NOT_FOUND, DIGEST_MISMATCH, CANCELLED.
   */
  bring(layer: Layer, signal: AbortSignal): Promise<LayerBlob>;
}

export interface LayerArchivesDeps {
  readonly store: Pick<ImageStore, 'findBlob' | 'keepBlob'>;
  readonly layers: Pick<LayerStore, 'packGzip' | 'gzip'>;
  readonly content: Pick<ContentClient, 'ingest' | 'locate'>;
  readonly leases: Pick<Leases, 'begin' | 'end'>;
}

export function createLayerArchives({ store, layers, content, leases }: LayerArchivesDeps): LayerArchives {
  const locks = createKeyedLock();

  async function compress(layer: Layer, plain: LayerBlob | null, signal: AbortSignal): Promise<PackedLayer> {
    if (plain === null) return layers.packGzip(layer, signal);
    return layers.gzip(await content.locate(plain, signal), signal);
  }

  async function make(layer: Layer, plain: LayerBlob | null, signal: AbortSignal): Promise<LayerBlob> {
    const { diffId } = layer;
    const mediaType = MEDIA_TYPES.ociLayerGzip;
    const lease = layerLease(diffId);
    await using packed = await compress(layer, plain, signal);
    await leases.begin(lease);
    try {
      const { digest, size } = await content.ingest({ mediaType, lease }, readChunks(packed.path), signal);
      const blob = { diffId, mediaType, digest, size, repository: null };
      store.keepBlob(blob);
      return blob;
    } finally {
      leases.end(lease);
    }
  }

  return {
    bring: (layer, signal) =>
      locks.run(layer.diffId, async () => {
        signal.throwIfAborted();
        const known = store.findBlob(layer.diffId);
        if (known !== null && !isPlainOwn(known)) return known;
        return make(layer, known, signal);
      }),
  };
}

/** An archive that came from no registry, and is as large as its files. */
function isPlainOwn({ mediaType, repository }: LayerBlob): boolean {
  return repository === null && layerCompression(mediaType) === 'none';
}

import { BerthError } from '@berth/errors';
import { digestLike, isIndexMediaType, isManifestMediaType, MANIFEST_MAX_BYTES, parseDigest } from '@berth/oci';
import type {
  BlobDescriptor,
  ContentStore,
  FetchedManifest,
  RegistryClient,
  RegistryRequest,
  StoredBlob,
} from './ports.ts';

export interface ManifestDeps {
  readonly store: ContentStore;
  readonly registry: RegistryClient;
}

/** Gets a manifest or index, from the store or from the registry. The digest decides; a size of 0 means unknown. */
export type GetManifest = (request: RegistryRequest, wanted: BlobDescriptor) => Promise<FetchedManifest>;

/** Asks the registry what a tag or digest names. A digest whose manifest is in the store needs no registry. */
export type ResolveReference = (
  request: RegistryRequest,
  name: { tag: string | null; digest: string | null },
) => Promise<BlobDescriptor>;

export function createGetManifest({ store, registry }: ManifestDeps): GetManifest {
  return async (request, { digest, size }) => {
    parseDigest(digest);
    const stored = await store.get(digest);
    const cached = stored === null ? null : await readVerified(store, stored);
    const manifest = cached ?? (await registry.getManifest(request, digest));
    if (size !== 0 && manifest.descriptor.size !== size) {
      throw new BerthError(
        'SIZE_MISMATCH',
        `manifest ${digest} has ${manifest.descriptor.size} bytes, expected ${size}`,
      );
    }
    if (cached === null) await keepManifest(store, manifest);
    return manifest;
  };
}

export function createResolveReference({ store, registry }: ManifestDeps): ResolveReference {
  return async (request, name) => {
    const stored = name.digest === null ? null : await store.get(name.digest);
    if (stored !== null && isManifest(stored)) return stored;
    const { descriptor, content } = await registry.resolve(request, name);
    if (content !== null) await keepManifest(store, { descriptor, content });
    return descriptor;
  };
}

/** What was stored as something else, or is not any more what it was, comes from the registry again. */
async function readVerified(store: ContentStore, stored: StoredBlob): Promise<FetchedManifest | null> {
  if (!isManifest(stored) || stored.size > MANIFEST_MAX_BYTES) return null;
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.read(stored.digest, 0)) chunks.push(chunk);
  const content = Buffer.concat(chunks);
  const { digest, size, mediaType } = stored;
  return digestLike(digest, content) === digest ? { content, descriptor: { digest, size, mediaType } } : null;
}

/** Keeps a manifest as content that may be removed again. */
export async function keepManifest(store: ContentStore, { descriptor, content }: FetchedManifest): Promise<void> {
  const { digest, size, mediaType } = descriptor;
  await using ingest = await store.ingest({ digest, size, isResumable: false });
  await ingest.write(content);
  await ingest.commit({ digest, size, mediaType, lease: null });
}

function isManifest({ mediaType }: BlobDescriptor): boolean {
  return isManifestMediaType(mediaType) || isIndexMediaType(mediaType);
}

import { BerthError } from '@berth/errors';
import { detectMediaType, sha256Digest } from '@berth/oci';
import { keepManifest } from './get-manifest.ts';
import type { BlobDescriptor, ContentStore, RegistryPusher, RegistryRequest } from './ports.ts';

/** A manifest or index, and the tag that shall name it; null: only its digest does. */
export interface NewManifest {
  readonly tag: string | null;
  readonly mediaType: string;
  readonly content: Uint8Array;
}

/** Puts a manifest or index into a repository that has what it names, and into the store. Throws as RegistryPusher and detectMediaType. */
export type PushManifest = (request: RegistryRequest, manifest: NewManifest) => Promise<BlobDescriptor>;

const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}$/;

export interface PushManifestDeps {
  readonly store: ContentStore;
  readonly registry: Pick<RegistryPusher, 'putManifest'>;
}

export function createPushManifest({ store, registry }: PushManifestDeps): PushManifest {
  return async (request, { tag, content, ...given }) => {
    if (tag !== null && !TAG.test(tag)) throw new BerthError('REFERENCE_INVALID', `invalid tag ${JSON.stringify(tag)}`);
    const mediaType = detectMediaType(content, given.mediaType);
    const descriptor = { mediaType, digest: sha256Digest(content), size: content.byteLength };
    await registry.putManifest(request, tag, { content, descriptor });
    await keepManifest(store, { content, descriptor });
    return descriptor;
  };
}

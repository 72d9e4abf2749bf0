import { BerthError } from '@berth/errors';
import type { BlobResponse, FetchedManifest, RegistryClient, RegistryRequest } from '../ports.ts';

/** Answers a request for a blob from an offset on. */
export type AnswerBlob = (offset: number, request: RegistryRequest) => BlobResponse | null;

export interface MemoryRegistryOptions {
  readonly answerBlob?: AnswerBlob;
  /** By tag or digest. */
  readonly manifests?: ReadonlyMap<string, FetchedManifest>;
}

/** A registry of a test's making, and what it was asked. */
export interface MemoryRegistryClient extends RegistryClient {
  /** `resolve v1`, `manifest sha256:…`, `blob 100`. */
  readonly requests: readonly string[];
}

export function createMemoryRegistryClient(options: MemoryRegistryOptions): MemoryRegistryClient {
  const { answerBlob = () => null, manifests = new Map<string, FetchedManifest>() } = options;
  const requests: string[] = [];
  const find = (name: string): FetchedManifest => {
    const manifest = manifests.get(name);
    if (manifest === undefined) throw new BerthError('MANIFEST_NOT_FOUND', `manifest for ${name} not found`);
    return manifest;
  };
  return {
    requests,
    async resolve(_request, { tag, digest }) {
      const name = digest ?? tag ?? '';
      requests.push(`resolve ${name}`);
      return { descriptor: find(name).descriptor, content: null };
    },
    async getManifest(_request, digest) {
      requests.push(`manifest ${digest}`);
      return find(digest);
    },
    async getBlob(request, _digest, offset) {
      requests.push(`blob ${offset}`);
      return answerBlob(offset, request);
    },
    async *listTags() {
      yield [...manifests.keys()].filter((name) => !name.includes(':'));
    },
  };
}

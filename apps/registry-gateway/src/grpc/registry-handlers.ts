import { BerthError } from '@berth/errors';
import { parseDigest } from '@berth/oci';
import type { RegistryServiceImplementation } from '@berth/proto/registry';
import type { FetchBlob } from '../fetch-blob.ts';
import type { GetManifest, ResolveReference } from '../get-manifest.ts';
import { checkLeaseName, type IngestBlob } from '../ingest-blob.ts';
import type { Logins } from '../logins.ts';
import type { ContentStore, RegistryClient, StoredBlob } from '../ports.ts';
import type { PushBlob } from '../push-blob.ts';
import type { PushManifest } from '../push-manifest.ts';
import type { SearchRepositories } from '../search-repositories.ts';
import {
  fromDescriptor,
  splitIngest,
  toBuffer,
  toByteCount,
  toCredentials,
  toDescriptor,
  toFetchBlobResponse,
  toPushBlobResponse,
  toReference,
  toRegistryRequest,
  toStoredBlob,
} from './convert.ts';

export interface RegistryHandlerDeps {
  readonly store: ContentStore;
  readonly resolveReference: ResolveReference;
  readonly getManifest: GetManifest;
  readonly fetchBlob: FetchBlob;
  readonly ingestBlob: IngestBlob;
  readonly pushBlob: PushBlob;
  readonly pushManifest: PushManifest;
  readonly listTags: RegistryClient['listTags'];
  readonly searchRepositories: SearchRepositories;
  readonly logins: Logins;
}

const PAGE_SIZE = { default: 1000, max: 10_000 };

/** The gRPC face of the gateway. */
export function createRegistryHandlers(deps: RegistryHandlerDeps): RegistryServiceImplementation {
  const { store } = deps;

  async function findBlob(digest: string): Promise<StoredBlob> {
    const blob = await store.get(digest);
    if (blob === null) throw new BerthError('BLOB_NOT_FOUND', `blob ${digest} is not in the content store`);
    return blob;
  }

  return {
    async resolveReference(request, { signal }) {
      const reference = toReference(request.reference);
      const credentials = toCredentials(request.credentials);
      const descriptor = await deps.resolveReference({ repository: reference, credentials, signal }, reference);
      return { descriptor: toDescriptor(descriptor) };
    },

    async getManifest(request, { signal }) {
      const wanted = fromDescriptor(request.descriptor);
      const { content, descriptor } = await deps.getManifest(toRegistryRequest(request, signal), wanted);
      return { content: toBuffer(content), descriptor: toDescriptor(descriptor) };
    },

    async *fetchBlob(request, { signal }) {
      const descriptor = fromDescriptor(request.descriptor);
      if (request.repository === '') {
        const blob = await findBlob(descriptor.digest);
        return yield toFetchBlobResponse({ kind: 'stored', blob, isAlreadyPresent: true });
      }
      const events = deps.fetchBlob({ ...toRegistryRequest(request, signal), descriptor });
      for await (const event of events) yield toFetchBlobResponse(event);
    },

    async *readBlob({ digest, offsetBytes }) {
      parseDigest(digest);
      for await (const data of store.read(digest, toByteCount(offsetBytes))) yield { data: toBuffer(data) };
    },

    async ingestBlob(messages, { signal }) {
      const { start, data } = await splitIngest(messages);
      const { mediaType, lease } = start;
      const blob = await deps.ingestBlob({ mediaType, lease, digest: start.digest || null, data, signal });
      return { blob: toStoredBlob(blob, false) };
    },

    async *pushBlob(request, { signal }) {
      const descriptor = fromDescriptor(request.descriptor);
      const events = deps.pushBlob({ ...toRegistryRequest(request, signal), descriptor });
      for await (const event of events) yield toPushBlobResponse(event);
    },

    async pushManifest(request, { signal }) {
      const { tag, mediaType, content } = request;
      const manifest = { tag: tag || null, mediaType, content };
      const descriptor = await deps.pushManifest(toRegistryRequest(request, signal), manifest);
      return { descriptor: toDescriptor(descriptor) };
    },

    async *listTags(request, { signal }) {
      for await (const tags of deps.listTags(toRegistryRequest(request, signal))) yield { tags: [...tags] };
    },

    async searchRepositories({ term, limit, isOfficial, minStarCount }, { signal }) {
      const query = { term, limit, isOfficial: isOfficial ?? null, minStarCount };
      return { results: await deps.searchRepositories(query, signal) };
    },

    async login({ server, credentials }, { signal }) {
      const { username, password } = credentials ?? { username: '', password: '' };
      await deps.logins.login(server, { username, password }, signal);
      return {};
    },

    async logout({ server }) {
      await deps.logins.logout(server);
      return {};
    },

    async listBlobs({ pageSize, pageToken }) {
      const limit = Math.min(pageSize > 0 ? pageSize : PAGE_SIZE.default, PAGE_SIZE.max);
      const { items, next } = await store.list({ after: pageToken || null, limit });
      return { blobs: items.map(toDescriptor), nextPageToken: next ?? '' };
    },

    async setLease({ lease, digests, add, discard }) {
      checkLeaseName(lease);
      digests.forEach(parseDigest);
      return { soleDigests: await store.setLease(lease, digests, { adds: add, discards: discard }) };
    },

    async deleteBlob({ digest }) {
      parseDigest(digest);
      return { freedBytes: BigInt(await store.remove(digest)) };
    },
  };
}

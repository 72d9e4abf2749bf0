import { Readable } from 'node:stream';
import { BerthError } from '@berth/errors';
import { formatReference, repositoryOf } from '@berth/oci';
import {
  PushedHow,
  type Descriptor,
  type IngestBlobRequest,
  type IngestBlobResponse,
  type PushedBlob as ProtoPushedBlob,
  type RegistryServiceClient,
  type StoredBlob,
} from '@berth/proto/registry';
import { bufferView } from '../buffer-view.ts';
import type { ContentClient, ContentDescriptor, IngestedBlob, PushedBlob, RemoteContent } from '../ports.ts';

/** gRPC's framing costs less per byte in large messages; the gateway takes 16 MiB. */
const CHUNK_MAX_BYTES = 1024 * 1024;

/**
 * Reaches registry-gateway. `settled` resolves when the service's own changes are on the disk: a lease is noted there before the gateway knows of
 * it, and ended when what it was for has gone from there.
 */
export function createGrpcContentClient(client: RegistryServiceClient, settled: () => Promise<void>): ContentClient {
  return {
    async resolve(reference, credentials, signal) {
      const request = { reference: formatReference(reference), credentials: credentials ?? undefined };
      const { descriptor } = await client.resolveReference(request, { signal });
      return fromDescriptor(descriptor);
    },

    async getManifest(content, signal) {
      const response = await client.getManifest(toRequest(content), { signal });
      return { bytes: response.content, mediaType: fromDescriptor(response.descriptor).mediaType };
    },

    fetchBlob: (content, options) => fetchBlob(client, toRequest(content), options),
    locate: (descriptor, signal) =>
      fetchBlob(client, toRequest({ repository: '', descriptor, credentials: null }), { signal }),

    async ingest({ mediaType, lease }, data, signal) {
      await settled();
      return toIngested(await client.ingestBlob(toIngestRequests({ mediaType, lease }, data), { signal }));
    },

    async ingestFile({ mediaType, lease }, { path, offset, size }, signal) {
      await settled();
      const file = { path, offsetBytes: BigInt(offset), sizeBytes: BigInt(size) };
      const requests: IngestBlobRequest[] = [
        { part: { $case: 'start', value: { mediaType, digest: '', lease } } },
        { part: { $case: 'file', value: file } },
      ];
      return toIngested(await client.ingestBlob(Readable.from(requests), { signal }));
    },

    async pushBlob(content, { signal, onProgress }) {
      let pushed: ProtoPushedBlob | null = null;
      for await (const { event } of client.pushBlob(toRequest(content), { signal })) {
        if (event?.$case === 'sentBytes') onProgress?.(Number(event.value));
        if (event?.$case === 'pushed') pushed = event.value;
      }
      if (pushed === null) throw incomplete('PushBlob ended before the blob was pushed');
      return fromPushed(pushed);
    },

    async pushManifest({ reference, credentials }, { bytes, mediaType }, signal) {
      const request = {
        ...{ repository: repositoryOf(reference), tag: reference.tag ?? '', mediaType, content: bufferView(bytes) },
        credentials: credentials ?? undefined,
      };
      return fromDescriptor((await client.pushManifest(request, { signal })).descriptor);
    },

    async setLease(lease, digests, { adds = false, discards = false } = {}) {
      await settled();
      const request = { lease, digests: [...digests], add: adds, discard: discards };
      return (await client.setLease(request)).soleDigests;
    },
  };
}

async function fetchBlob(
  client: RegistryServiceClient,
  request: ReturnType<typeof toRequest>,
  { signal, onOpened, onProgress }: Parameters<ContentClient['fetchBlob']>[1],
): Promise<string> {
  let blob: StoredBlob | null = null;
  for await (const { event } of client.fetchBlob(request, { signal })) {
    if (event?.$case === 'partialPath') onOpened?.(event.value);
    if (event?.$case === 'receivedBytes') onProgress?.(Number(event.value));
    if (event?.$case === 'blob') blob = event.value;
  }
  if (blob === null) throw incomplete('FetchBlob ended without a blob');
  return blob.path;
}

function fromPushed({ how, mountedFrom }: ProtoPushedBlob): PushedBlob {
  if (how === PushedHow.MOUNTED) return { how: 'mounted', from: mountedFrom };
  return { how: how === PushedHow.EXISTED ? 'existed' : 'uploaded' };
}

function toIngested({ blob }: IngestBlobResponse): IngestedBlob {
  if (blob === undefined) throw incomplete('IngestBlob answered without a blob');
  const { digest, size } = fromDescriptor(blob.descriptor);
  return { digest, size, path: blob.path };
}

async function* toIngestRequests(
  { mediaType, lease }: { mediaType: string; lease: string },
  data: AsyncIterable<Uint8Array>,
): AsyncGenerator<IngestBlobRequest> {
  yield { part: { $case: 'start', value: { mediaType, digest: '', lease } } };
  for await (const bytes of data) {
    for (let at = 0; at < bytes.length; at += CHUNK_MAX_BYTES) {
      yield { part: { $case: 'data', value: bufferView(bytes.subarray(at, at + CHUNK_MAX_BYTES)) } };
    }
  }
}

function toRequest({ repository, descriptor, credentials }: RemoteContent) {
  const { mediaType, digest, size } = descriptor;
  return {
    repository,
    descriptor: { mediaType, digest, sizeBytes: BigInt(size) },
    credentials: credentials ?? undefined,
  };
}

function fromDescriptor(descriptor: Descriptor | undefined): ContentDescriptor {
  if (descriptor === undefined) throw incomplete('an answer without a descriptor');
  return { mediaType: descriptor.mediaType, digest: descriptor.digest, size: Number(descriptor.sizeBytes) };
}

function incomplete(what: string): BerthError {
  return new BerthError('INTERNAL', 'internal error: see the service log', {
    cause: new Error(`registry-gateway: ${what}`),
  });
}

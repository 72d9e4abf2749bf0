import { BerthError, isBerthError } from '@berth/errors';
import { createKeyedLock } from '@berth/service-kit';
import type {
  BlobDescriptor,
  BlobSources,
  ContentStore,
  RegistryPusher,
  RegistryRequest,
  UploadSession,
} from './ports.ts';
import { uploadBlob } from './upload-blob.ts';
import { watchWork } from './watch-work.ts';

/** A blob that a repository shall have. */
export interface PushRequest extends RegistryRequest {
  readonly descriptor: BlobDescriptor;
}

/** How a repository came by a blob. */
export type PushedBlob =
  { readonly how: 'existed' | 'uploaded' } | { readonly how: 'mounted'; /** Its path. */ readonly from: string };

export type PushEvent =
  { readonly kind: 'progress'; readonly sentBytes: number } | { readonly kind: 'pushed'; readonly blob: PushedBlob };

export interface PushBlobDeps {
  readonly store: Pick<ContentStore, 'get' | 'read'>;
  readonly registry: RegistryPusher;
  readonly sources: BlobSources;
  /** Milliseconds before a broken upload goes on; doubles with each failure in a row. */
  readonly retryDelayMs: number;
}

/**
 * Makes sure that a repository has a blob: it is there, or its registry takes it from another repository, or it is uploaded from the store.
 * Tells progress, and `pushed` at the end. Throws as RegistryPusher, and BLOB_NOT_FOUND when it would have to be uploaded and is not here.
 */
export type PushBlob = (request: PushRequest) => AsyncGenerator<PushEvent>;

// A registry that refuses this many will refuse the next one, too.
const MAX_MOUNTS = 3;

export function createPushBlob(deps: PushBlobDeps): PushBlob {
  const locks = createKeyedLock();
  return async function* pushBlob(request) {
    const { repository, descriptor, signal } = request;
    const stop = new AbortController();
    const joined = AbortSignal.any([signal, stop.signal]);
    let [sentBytes, told] = [0, 0];
    const news = function* (): Generator<PushEvent> {
      if (sentBytes !== told) yield { kind: 'progress', sentBytes: (told = sentBytes) };
    };
    // Who pushes the same blob at the same time finds it there afterwards.
    const work = locks.run([repository.domain, repository.path, descriptor.digest].join(' '), () =>
      push(deps, { ...request, signal: joined }, (bytes) => (sentBytes = bytes)),
    );
    work.catch(() => {});
    try {
      yield { kind: 'pushed', blob: yield* watchWork(work, news, signal) };
    } finally {
      stop.abort();
    }
  };
}

async function push(
  deps: PushBlobDeps,
  request: PushRequest,
  onProgress: (sentBytes: number) => void,
): Promise<PushedBlob> {
  const { registry, sources, store } = deps;
  const { repository, descriptor, signal } = request;
  signal.throwIfAborted();
  const pushed = async (): Promise<PushedBlob> => {
    if (await registry.hasBlob(request, descriptor)) return { how: 'existed' };
    const { from, session } = await mount(deps, request);
    if (from !== null) return { how: 'mounted', from };
    const stored = await store.get(descriptor.digest);
    if (stored === null) {
      if (session !== null) await registry.cancelUpload(request, session);
      throw new BerthError('BLOB_NOT_FOUND', `blob ${descriptor.digest} is not in the content store`);
    }
    await uploadBlob(deps, { ...request, descriptor: stored, session, onProgress });
    return { how: 'uploaded' };
  };
  const blob = await pushed();
  sources.add(descriptor.digest, repository);
  return blob;
}

/** What came of asking a registry to take a blob from another of its repositories. */
interface Mounted {
  /** The path of that repository; null when it took none. */
  readonly from: string | null;
  /** The upload that it began instead. */
  readonly session: UploadSession | null;
}

async function mount({ registry, sources }: PushBlobDeps, request: PushRequest): Promise<Mounted> {
  const { repository, descriptor } = request;
  const known = sources.find(descriptor.digest, repository.domain).filter((path) => path !== repository.path);
  let session: UploadSession | null = null;
  for (const from of known.slice(0, MAX_MOUNTS)) {
    if (session !== null) await registry.cancelUpload(request, session);
    try {
      session = await registry.startUpload(request, { digest: descriptor.digest, from });
      if (session === null) return { from, session };
    } catch (error) {
      session = null;
      // Whoever may push here need not be able to read there.
      if (!isBerthError(error, 'REGISTRY_UNAUTHORIZED', 'REGISTRY_DENIED', 'REGISTRY_REFUSED')) throw error;
    }
  }
  return { from: null, session };
}

import { setTimeout as sleep } from 'node:timers/promises';
import { BerthError, isBerthError } from '@berth/errors';
import type { BlobDescriptor, ContentStore, RegistryPusher, RegistryRequest, UploadSession } from './ports.ts';

export interface UploadDeps {
  readonly store: Pick<ContentStore, 'read'>;
  readonly registry: RegistryPusher;
  /** Milliseconds before a broken upload goes on; doubles with each failure in a row. */
  readonly retryDelayMs: number;
}

export interface Upload extends RegistryRequest {
  readonly descriptor: BlobDescriptor;
  /** One that was begun already. */
  readonly session: UploadSession | null;
  /** Told how many bytes have gone. */
  onProgress(sentBytes: number): void;
}

const MAX_FAILURES_WITHOUT_PROGRESS = 4;

/**
 * Uploads a blob of the store. When the connection breaks it goes on where the registry says that it is, or begins anew, up to four times in a
 * row without progress. An upload that is given up is cancelled at the registry.
 */
export async function uploadBlob(deps: UploadDeps, upload: Upload): Promise<void> {
  const { registry, retryDelayMs } = deps;
  let { session } = upload;
  let offset = 0;
  try {
    for (let failures = 0; ; failures++) {
      try {
        if (failures > 0) {
          // The answer may be all that was lost.
          if (await registry.hasBlob(upload, upload.descriptor)) return;
          const arrived = session === null ? null : await arrivedBytes(registry, upload, session);
          if (arrived === null) session = null;
          else if (arrived > offset) failures = 0;
          offset = arrived ?? 0;
        }
        session ??= await begin(registry, upload);
        return await send(deps, upload, { session, offset });
      } catch (error) {
        if (!isBerthError(error, 'REGISTRY_UNAVAILABLE') || failures === MAX_FAILURES_WITHOUT_PROGRESS) throw error;
        await pause(retryDelayMs * 2 ** failures, upload.signal);
      }
    }
  } catch (error) {
    if (session !== null) await registry.cancelUpload(upload, session);
    throw error;
  }
}

async function begin(registry: RegistryPusher, upload: Upload): Promise<UploadSession> {
  const session = await registry.startUpload(upload, null);
  if (session !== null) return session;
  throw new BerthError('REGISTRY_PROTOCOL', 'the registry began no upload');
}

async function send(
  { registry, store }: UploadDeps,
  upload: Upload,
  { session, offset }: { session: UploadSession; offset: number },
): Promise<void> {
  const { descriptor, onProgress } = upload;
  async function* read(): AsyncGenerator<Uint8Array> {
    let sent = offset;
    for await (const chunk of store.read(descriptor.digest, offset)) {
      yield chunk;
      onProgress((sent += chunk.byteLength));
    }
  }
  await registry.sendBlob(upload, session, { blob: descriptor, offset, read });
}

/** Null when the upload has to begin anew. */
async function arrivedBytes(registry: RegistryPusher, upload: Upload, session: UploadSession): Promise<number | null> {
  const arrived = await registry.uploadedBytes(upload, session);
  return arrived !== null && arrived <= upload.descriptor.size ? arrived : null;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch((error: unknown) => {
    throw new BerthError('CANCELLED', 'the upload was cancelled', { cause: error });
  });
}

import { BerthError } from '@berth/errors';
import { isDigest } from '@berth/oci';
import type { RegistryPusher, RegistryRequest, UploadContent, UploadSession } from '../ports.ts';
import { toPushError, toUploadError } from '../push-error.ts';
import { readText } from './http/read-body.ts';
import type { RegistrySession, SessionRequest } from './http/registry-session.ts';
import type { HttpResponse } from './http/transport.ts';

const ERROR_BODY_MAX_BYTES = 64 * 1024;
const CANCEL_TIMEOUT_MS = 5000;

type Parts = Pick<SessionRequest, 'method' | 'path'> & Partial<SessionRequest>;

/** Pushes over HTTP (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#push). */
export function createHttpRegistryPusher(session: RegistrySession): RegistryPusher {
  function send(request: RegistryRequest, parts: Parts): Promise<HttpResponse> {
    return session.send({ access: { action: 'push', mountFrom: null }, headers: {}, ...request, ...parts });
  }

  /** Sends the rest of a blob in one piece; the answer says where the upload goes on. */
  async function patch(request: RegistryRequest, upload: UploadSession, content: UploadContent): Promise<void> {
    const { blob, offset } = content;
    const headers = { ...streamHeaders(content), 'content-range': `${offset}-${blob.size - 1}` };
    const body = () => content.read();
    const response = await send(request, { method: 'PATCH', path: upload.location, headers, body, isRetried: false });
    if (response.status !== 202) throw toUploadError(response.status, await readText(response, ERROR_BODY_MAX_BYTES));
    upload.location = locationOf(response) ?? upload.location;
    response.discard();
  }

  return {
    async hasBlob(request, { digest, size }) {
      const response = await send(request, { method: 'HEAD', path: `blobs/${digest}` });
      response.discard();
      const length = response.headers['content-length'];
      return response.status === 200 && (length === undefined || Number(length) === size);
    },

    async startUpload(request, mount) {
      const query = mount === null ? '' : `?${new URLSearchParams({ mount: mount.digest, from: mount.from })}`;
      const response = await send(request, {
        ...{ method: 'POST', path: `blobs/uploads/${query}`, body: '' },
        access: { action: 'push', mountFrom: mount?.from ?? null },
      });
      const location = response.status === 202 ? locationOf(response) : null;
      if (location === null && (response.status !== 201 || mount === null)) throw await refusal(response);
      response.discard();
      return location === null ? null : { location };
    },

    async uploadedBytes(request, upload) {
      const response = await send(request, { method: 'GET', path: upload.location });
      response.discard();
      const end = /^(?:bytes=)?0-(\d+)$/.exec(response.headers.range ?? '')?.[1];
      if (response.status !== 204 || end === undefined) return null;
      upload.location = locationOf(response) ?? upload.location;
      return Number(end) + 1;
    },

    async sendBlob(request, upload, content) {
      const { blob, offset } = content;
      const isWhole = offset === 0 && blob.size > 0;
      if (offset > 0 && offset < blob.size) await patch(request, upload, content);
      const path = new URL(upload.location);
      path.searchParams.set('digest', blob.digest);
      const parts = isWhole
        ? { headers: streamHeaders(content), body: () => content.read() }
        : { headers: { 'content-length': '0' } };
      const response = await send(request, { method: 'PUT', path, ...parts, isRetried: false });
      if (response.status !== 201) throw toUploadError(response.status, await readText(response, ERROR_BODY_MAX_BYTES));
      checkDigest(response, blob.digest);
      response.discard();
    },

    async cancelUpload({ repository, credentials }, upload) {
      const signal = AbortSignal.timeout(CANCEL_TIMEOUT_MS);
      const parts: Parts = { method: 'DELETE', path: upload.location, isRetried: false };
      await send({ repository, credentials, signal }, parts).then(
        (response) => response.discard(),
        () => {},
      );
    },

    async putManifest(request, tag, { content, descriptor }) {
      const headers = { 'content-type': descriptor.mediaType, 'content-length': String(content.byteLength) };
      const path = `manifests/${tag ?? descriptor.digest}`;
      const response = await send(request, { method: 'PUT', path, headers, body: content });
      if (response.status !== 201) throw await refusal(response);
      checkDigest(response, descriptor.digest);
      response.discard();
    },
  };
}

function streamHeaders({ blob, offset }: UploadContent): Record<string, string> {
  return { 'content-type': 'application/octet-stream', 'content-length': String(blob.size - offset) };
}

function locationOf(response: HttpResponse): URL | null {
  const url = URL.parse(response.headers.location ?? '', response.url.href);
  return response.headers.location !== undefined && url !== null && /^https?:$/.test(url.protocol) ? url : null;
}

async function refusal(response: HttpResponse): Promise<BerthError> {
  return toPushError(response.status, await readText(response, ERROR_BODY_MAX_BYTES));
}

/** A registry that says what it keeps must keep what was sent. Of a tag it may speak in an algorithm of its own. */
function checkDigest({ headers }: HttpResponse, digest: string): void {
  const kept = String(headers['docker-content-digest'] ?? '');
  if (!isDigest(kept) || kept === digest || algorithmOf(kept) !== algorithmOf(digest)) return;
  throw new BerthError('DIGEST_MISMATCH', `the registry keeps ${kept} of what was pushed as ${digest}`);
}

function algorithmOf(digest: string): string | undefined {
  return digest.split(':', 1)[0];
}

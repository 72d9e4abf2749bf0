import { BerthError } from '@berth/errors';
import {
  detectMediaType,
  digestLike,
  familiarReference,
  familiarRepository,
  isDigest,
  isIndexMediaType,
  isManifestMediaType,
  MANIFEST_MAX_BYTES,
  MEDIA_TYPES,
  sha256Digest,
  stripMediaTypeParameters,
} from '@berth/oci';
import { parseContentRange } from '../content-range.ts';
import type { BlobDescriptor, BlobResponse, FetchedManifest, RegistryClient, RegistryRequest } from '../ports.ts';
import { nextPage, parseTags, TAGS_MAX_BYTES, TAGS_PAGE } from '../tag-list.ts';
import { toRegistryError } from '../registry-error.ts';
import { readBody, readText } from './http/read-body.ts';
import type { RegistrySession } from './http/registry-session.ts';
import { TransportError } from './http/transport-error.ts';
import type { HttpResponse } from './http/transport.ts';

const MAX_TAG_PAGES = 10_000;
const ERROR_BODY_MAX_BYTES = 64 * 1024;
const ACCEPT_MANIFESTS = [
  MEDIA_TYPES.ociIndex,
  MEDIA_TYPES.dockerList,
  MEDIA_TYPES.ociManifest,
  MEDIA_TYPES.dockerManifest,
  '*/*',
].join(', ');

interface Name {
  readonly tag: string | null;
  readonly digest: string | null;
}

/** A registry client over HTTP. */
export function createHttpRegistryClient(session: RegistrySession): RegistryClient {
  const sendManifest = (request: RegistryRequest, method: 'GET' | 'HEAD', name: Name) => {
    const path = `manifests/${name.digest ?? name.tag ?? 'latest'}`;
    return session.send({ ...request, method, path, headers: { accept: ACCEPT_MANIFESTS } });
  };

  const getManifest = async (request: RegistryRequest, name: Name): Promise<FetchedManifest> => {
    const response = await sendManifest(request, 'GET', name);
    if (response.status !== 200) throw await toError(response, request, name);
    const content = await translated(request, () => readBody(response, MANIFEST_MAX_BYTES));
    if (content === null) throw tooLarge(request, name);
    const digest = verifiedDigest(content, name.digest ?? headerDigest(response), subjectOf(request, name));
    const mediaType = detectMediaType(content, response.headers['content-type'] ?? null);
    return { content, descriptor: { mediaType, digest, size: content.byteLength } };
  };

  return {
    async resolve(request, name) {
      const response = await sendManifest(request, 'HEAD', name);
      const descriptor = response.status === 200 ? headDescriptor(response) : null;
      if (descriptor !== null && (name.digest === null || descriptor.digest === name.digest)) {
        return { descriptor, content: null };
      }
      // Only a GET has the error's text, and some registries do not know HEAD or tell too little (a 429 must not count twice).
      if (response.status === 429) throw await toError(response, request, name);
      return getManifest(request, name);
    },

    getManifest: (request, digest) => getManifest(request, { tag: null, digest }),

    async getBlob(request, digest, offset) {
      const range: Record<string, string> = offset > 0 ? { range: `bytes=${offset}-` } : {};
      const headers = { 'accept-encoding': 'identity', ...range };
      const response = await session.send({ ...request, method: 'GET', path: `blobs/${digest}`, headers });
      if (response.status === 416 && offset > 0) {
        response.discard();
        return null;
      }
      if (response.status !== 200 && response.status !== 206) {
        throw await toError(response, request, { tag: null, digest }, 'blob');
      }
      return toBlobResponse(response, request, offset);
    },

    async *listTags(request) {
      let path: string | URL | null = `tags/list?n=${TAGS_PAGE}`;
      for (let page = 0; path !== null; page++) {
        if (page === MAX_TAG_PAGES) throw new BerthError('REGISTRY_PROTOCOL', 'the list of tags does not end');
        const response: HttpResponse = await session.send({ ...request, method: 'GET', path, headers: {} });
        if (response.status !== 200) throw await toError(response, request, { tag: null, digest: null });
        const bytes = await translated(request, () => readBody(response, TAGS_MAX_BYTES));
        yield parseTags(bytes, response.url);
        path = nextPage(String(response.headers.link ?? ''), response.url);
      }
    },
  };
}

/** What a HEAD tells, if it tells all and a GET could not end otherwise. */
function headDescriptor({ headers }: HttpResponse): BlobDescriptor | null {
  const mediaType = stripMediaTypeParameters(headers['content-type'] ?? '');
  const digest = String(headers['docker-content-digest'] ?? '');
  const size = Number(headers['content-length'] ?? NaN);
  const isKnown = isManifestMediaType(mediaType) || isIndexMediaType(mediaType);
  return isKnown && isDigest(digest) && size > 0 && size <= MANIFEST_MAX_BYTES ? { mediaType, digest, size } : null;
}

function headerDigest({ headers }: HttpResponse): string | null {
  const digest = String(headers['docker-content-digest'] ?? '');
  return isDigest(digest) ? digest : null;
}

/** The digest of the content, which must be the expected one. */
function verifiedDigest(content: Uint8Array, expected: string | null, subject: string): string {
  if (expected === null) return sha256Digest(content);
  const actual = digestLike(expected, content);
  if (actual === expected) return expected;
  throw new BerthError(
    'DIGEST_MISMATCH',
    `manifest verification failed for ${subject}: expected ${expected}, got ${actual}`,
  );
}

function toBlobResponse(response: HttpResponse, request: RegistryRequest, requestedOffset: number): BlobResponse {
  const encoding = response.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw protocolError(response, `a blob with Content-Encoding ${encoding}`);
  const { offset, size } = response.status === 206 ? partOf(response) : wholeOf(response);
  if (offset !== 0 && offset !== requestedOffset) throw protocolError(response, `a range from byte ${offset}`);
  return { offset, size, body: translatedBody(request, response.body) };
}

function partOf(response: HttpResponse): { offset: number; size: number | null } {
  const range = parseContentRange(response.headers['content-range'] ?? '');
  if (range === null) throw protocolError(response, 'a part without a valid Content-Range');
  return { offset: range.start, size: range.total };
}

function wholeOf({ headers }: HttpResponse): { offset: number; size: number | null } {
  const length = headers['content-length'];
  return { offset: 0, size: length === undefined ? null : Number(length) };
}

async function* translatedBody(request: RegistryRequest, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw toUnavailable(request, error);
  }
}

async function translated<T>(request: RegistryRequest, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw toUnavailable(request, error);
  }
}

function toUnavailable({ signal }: RegistryRequest, error: unknown): unknown {
  if (signal.aborted) return new BerthError('CANCELLED', 'the request was cancelled', { cause: error });
  return error instanceof TransportError
    ? new BerthError('REGISTRY_UNAVAILABLE', error.message, { cause: error })
    : error;
}

async function toError(
  response: HttpResponse,
  request: RegistryRequest,
  name: Name,
  content: 'manifest' | 'blob' = 'manifest',
): Promise<BerthError> {
  const body = await readText(response, ERROR_BODY_MAX_BYTES);
  const repository = familiarRepository({ ...request.repository, tag: null, digest: null });
  return toRegistryError({ status: response.status, body, subject: subjectOf(request, name), repository, content });
}

function subjectOf({ repository }: RegistryRequest, { tag, digest }: Name): string {
  return familiarReference({ ...repository, tag, digest });
}

function tooLarge(request: RegistryRequest, name: Name): BerthError {
  return new BerthError(
    'MANIFEST_TOO_LARGE',
    `manifest of ${subjectOf(request, name)} is larger than ${MANIFEST_MAX_BYTES} bytes`,
  );
}

function protocolError(response: HttpResponse, what: string): BerthError {
  response.discard();
  return new BerthError('REGISTRY_PROTOCOL', `${response.url.origin} answered with ${what}`);
}

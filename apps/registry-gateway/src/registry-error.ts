import { BerthError, type Reason } from '@berth/errors';
import { z } from 'zod';

/** A failed response of a registry. */
export interface FailedResponse {
  readonly status: number;
  /** The beginning of the body. */
  readonly body: string;
  /** What was asked for: `busybox:latest` of a manifest, `busybox` of a blob. */
  readonly subject: string;
  /** The familiar repository: `busybox`. */
  readonly repository: string;
  readonly content: 'manifest' | 'blob';
}

interface ErrorEntry {
  /** As text: `manifest unknown`. */
  readonly code: string;
  readonly message: string;
}

const MESSAGE_MAX = 512;
const schema = z.object({ errors: z.array(z.object({ code: z.string(), message: z.string().nullish() })).min(1) });

/** Turns a failed response into an error with the text that Docker shows for it. */
export function toRegistryError(response: FailedResponse): BerthError {
  const { code, message } = parseErrorBody(response.body) ?? defaultEntry(response);
  const detail = `${code}: ${message}`;
  const { repository, subject, content, status } = response;
  const fail = (reason: Reason, text: string) => new BerthError(reason, text);
  switch (code) {
    case 'denied':
    case 'unauthorized':
      return fail(
        code === 'denied' ? 'REGISTRY_DENIED' : 'REGISTRY_UNAUTHORIZED',
        `pull access denied for ${repository}, repository does not exist or may require 'docker login': ${detail}`,
      );
    case 'manifest unknown':
      return fail('MANIFEST_NOT_FOUND', `manifest for ${subject} not found: ${detail}`);
    case 'name unknown':
      return fail('MANIFEST_NOT_FOUND', `repository ${repository} not found: ${detail}`);
    case 'blob unknown':
      return fail('BLOB_NOT_FOUND', `blob of ${subject} not found: ${detail}`);
    case 'toomanyrequests':
      return fail('REGISTRY_RATE_LIMITED', detail);
    default:
      return fail(reasonOf(status, content), `${subject}: ${detail}`);
  }
}

/** The first error of a body as the distribution spec defines it; null when it is anything else. */
export function parseErrorBody(body: string): ErrorEntry | null {
  try {
    const [entry] = schema.parse(JSON.parse(body)).errors;
    if (entry === undefined) return null;
    const code = printable(entry.code.toLowerCase().replaceAll('_', ' '));
    return { code, message: printable(entry.message || code) };
  } catch {
    return null;
  }
}

function defaultEntry({ status, content }: FailedResponse): ErrorEntry {
  const code = defaultCode(status, content);
  if (code === 'unauthorized') return { code, message: 'authentication required' };
  if (code === 'denied') return { code, message: 'requested access to the resource is denied' };
  return { code, message: code === 'unknown' ? `the registry answered with status ${status}` : code };
}

function defaultCode(status: number, content: FailedResponse['content']): string {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'denied';
  if (status === 404) return content === 'manifest' ? 'manifest unknown' : 'blob unknown';
  return status === 429 ? 'toomanyrequests' : 'unknown';
}

function reasonOf(status: number, content: FailedResponse['content']): Reason {
  if (status === 401) return 'REGISTRY_UNAUTHORIZED';
  if (status === 403) return 'REGISTRY_DENIED';
  if (status === 404) return content === 'manifest' ? 'MANIFEST_NOT_FOUND' : 'BLOB_NOT_FOUND';
  if (status === 429) return 'REGISTRY_RATE_LIMITED';
  return status >= 500 ? 'REGISTRY_UNAVAILABLE' : 'REGISTRY_PROTOCOL';
}

/** What a hostile registry writes goes to a terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ').slice(0, MESSAGE_MAX);
}

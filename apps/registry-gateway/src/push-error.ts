import { STATUS_CODES } from 'node:http';
import { BerthError, type Reason } from '@berth/errors';
import { parseErrorBody } from './registry-error.ts';

/** Statuses after which the same request may be answered otherwise: an upload is lost, or the registry is busy. */
const TRANSIENT = new Set([404, 408, 416]);

/** Turns the answer to a part of an upload into an error: what a new attempt may mend is REGISTRY_UNAVAILABLE. */
export function toUploadError(status: number, body: string): BerthError {
  const isLost = TRANSIENT.has(status) && !isRefusal(body);
  return isLost ? new BerthError('REGISTRY_UNAVAILABLE', textOf(status, body)) : toPushError(status, body);
}

/** Turns a failed response to a push into an error with the text that Docker shows for it. */
export function toPushError(status: number, body: string): BerthError {
  return new BerthError(reasonOf(status, parseErrorBody(body)?.code ?? ''), textOf(status, body));
}

function isRefusal(body: string): boolean {
  return ['denied', 'unauthorized', 'name unknown'].includes(parseErrorBody(body)?.code ?? '');
}

function reasonOf(status: number, code: string): Reason {
  if (code === 'denied' || (code === '' && status === 403)) return 'REGISTRY_DENIED';
  if (code === 'unauthorized' || status === 401) return 'REGISTRY_UNAUTHORIZED';
  if (code === 'digest invalid') return 'DIGEST_MISMATCH';
  if (code === 'toomanyrequests' || status === 429) return 'REGISTRY_RATE_LIMITED';
  if (status >= 500) return 'REGISTRY_UNAVAILABLE';
  return status >= 400 ? 'REGISTRY_REFUSED' : 'REGISTRY_PROTOCOL';
}

function textOf(status: number, body: string): string {
  const entry = parseErrorBody(body);
  if (entry !== null) return `${entry.code}: ${entry.message}`;
  if (status === 401) return 'unauthorized: authentication required';
  if (status === 403) return 'denied: requested access to the resource is denied';
  return `received unexpected HTTP status: ${status} ${STATUS_CODES[status] ?? ''}`.trimEnd();
}

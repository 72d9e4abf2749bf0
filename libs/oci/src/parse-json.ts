import { BerthError, type Reason } from '@berth/errors';
import type { z } from 'zod';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The most values that a document may have: a list of millions of empty objects takes sixty times its size when it is parsed. */
export const JSON_MAX_VALUES = 250_000;

const QUOTE = 0x22;
const ESCAPE = 0x5c;
const [COMMA, LIST, OBJECT] = [0x2c, 0x5b, 0x7b];

/**
 * Parses hostile JSON bytes by a schema. `what` begins the message: `manifest`. Throws a BerthError of the given reason, also for more than
 * JSON_MAX_VALUES values.
 */
export function parseJson<T>(bytes: Uint8Array, schema: z.ZodType<T>, error: { reason: Reason; what: string }): T {
  const result = schema.safeParse(decodeJson(bytes, error));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path.join('.') ?? '';
  throw new BerthError(error.reason, `${error.what} is invalid: ${path === '' ? '' : `${path}: `}${issue?.message}`);
}

function decodeJson(bytes: Uint8Array, { reason, what }: { reason: Reason; what: string }): unknown {
  if (hasTooManyValues(bytes)) {
    throw new BerthError(reason, `${what} is invalid: more than ${JSON_MAX_VALUES} values`);
  }
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (cause) {
    throw new BerthError(reason, `${what} is invalid: not JSON`, { cause });
  }
}

/** Each value but the first comes after a comma, or is the first of a list or an object. */
function hasTooManyValues(bytes: Uint8Array): boolean {
  let values = 1;
  for (let at = 0; at < bytes.length && values <= JSON_MAX_VALUES; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) at = endOfString(bytes, at);
    else if (byte === COMMA || byte === LIST || byte === OBJECT) values++;
  }
  return values > JSON_MAX_VALUES;
}

/** Where the string ends that begins there. */
function endOfString(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === ESCAPE ? 2 : 1;
  return at;
}

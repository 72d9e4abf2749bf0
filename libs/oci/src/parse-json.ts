import { BerthError, type Reason } from '@berth/errors';
import type { z } from 'zod';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Parses hostile JSON bytes by a schema. `what` begins the message: `manifest`. Throws a BerthError of the given reason. */
export function parseJson<T>(bytes: Uint8Array, schema: z.ZodType<T>, error: { reason: Reason; what: string }): T {
  const result = schema.safeParse(decodeJson(bytes, error));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path.join('.') ?? '';
  throw new BerthError(error.reason, `${error.what} is invalid: ${path === '' ? '' : `${path}: `}${issue?.message}`);
}

function decodeJson(bytes: Uint8Array, { reason, what }: { reason: Reason; what: string }): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (cause) {
    throw new BerthError(reason, `${what} is invalid: not JSON`, { cause });
  }
}

import { z } from 'zod';

/** A bearer token. */
export interface BearerToken {
  readonly token: string;
  readonly lifetimeMs: number;
}

const LIFETIME_SECONDS_MIN = 60;
const LIFETIME_SECONDS_MAX = 24 * 3600;

const schema = z.object({
  token: z
    .string()
    .max(1024 * 1024)
    .optional(),
  access_token: z
    .string()
    .max(1024 * 1024)
    .optional(),
  expires_in: z.number().optional(),
});

/**
 * Parses the answer of a token server (https://distribution.github.io/distribution/spec/auth/token/). A missing or short lifetime counts
 * as 60 s. Null when there is no token that a header can carry.
 */
export function parseTokenResponse(text: string): BearerToken | null {
  const result = schema.safeParse(parseJson(text));
  const token = (result.data?.token || result.data?.access_token) ?? '';
  if (!/^[\x21-\x7e]+$/.test(token)) return null;
  const seconds = Math.min(Math.max(result.data?.expires_in ?? 0, LIFETIME_SECONDS_MIN), LIFETIME_SECONDS_MAX);
  return { token, lifetimeMs: seconds * 1000 };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

import { BerthError } from '@berth/errors';
import { z } from 'zod';

/** How many tags are asked for at once. */
export const TAGS_PAGE = 1000;
export const TAGS_MAX_BYTES = 1024 * 1024;

const schema = z.object({ tags: z.array(z.string().regex(/^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}$/)).nullish() });

/** The tags of one page; null bytes: it was too long. Throws REGISTRY_PROTOCOL. */
export function parseTags(bytes: Buffer | null, origin: URL): string[] {
  try {
    return schema.parse(JSON.parse(bytes?.toString('utf8') ?? '')).tags ?? [];
  } catch (cause) {
    throw new BerthError('REGISTRY_PROTOCOL', `${origin.origin} answered with what is no list of tags`, { cause });
  }
}

/** Where the next page is (https://www.rfc-editor.org/rfc/rfc5988); null at the end. */
export function nextPage(link: string, base: URL): URL | null {
  const target = /<([^>]*)>\s*;[^,]*\brel\s*=\s*"?next\b/i.exec(link)?.[1];
  return target === undefined ? null : URL.parse(target, base.href);
}

import { BerthError } from '@berth/errors';
import { parseDigest } from './digest.ts';

/** A normalized image reference: the domain and the whole path are always there. */
export interface Reference {
  /** Registry host with optional port: `docker.io`, `localhost:5000`, `[::1]:5000`. */
  readonly domain: string;
  /** Repository path: `library/busybox`. */
  readonly path: string;
  readonly tag: string | null;
  readonly digest: string | null;
}

const DEFAULT_DOMAIN = 'docker.io';
const LEGACY_DEFAULT_DOMAIN = 'index.docker.io';
const OFFICIAL_PREFIX = 'library/';
const DEFAULT_TAG = 'latest';
const PATH_MAX = 255;
// Longer than any valid reference, so that no pattern ever sees a hostile length.
const TEXT_MAX = 2048;

// The grammar of https://github.com/distribution/reference/blob/main/regexp.go
const DOMAIN_COMPONENT = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const HOST = `(?:${DOMAIN_COMPONENT}(?:\\.${DOMAIN_COMPONENT})*|\\[[a-fA-F0-9:]+\\])`;
const DOMAIN = `${HOST}(?::[0-9]+)?`;
const PATH_COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const PATH = `${PATH_COMPONENT}(?:/${PATH_COMPONENT})*`;
const TAG = '[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}';
const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[a-fA-F0-9]{32,}';
const REFERENCE = new RegExp(`^(${DOMAIN})/(${PATH})(?::(${TAG}))?(?:@(${DIGEST}))?$`);

/**
 * Parses what a user writes (`busybox`, `localhost:5000/a:v1`, `a@sha256:…`) and normalizes it as Docker does: no domain is
 * docker.io, one component of docker.io is below `library/`. Adds no tag. Throws REFERENCE_INVALID or DIGEST_INVALID with Docker's texts.
 */
export function parseReference(text: string): Reference {
  if (/^[a-f0-9]{64}$/.test(text)) {
    throw invalid(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  }
  const { domain, remainder } = splitDomain(text.length <= TEXT_MAX ? text : '');
  const [name = ''] = remainder.split(':', 1);
  if (name !== name.toLowerCase()) {
    throw invalid(`invalid reference format: repository name (${name}) must be lowercase`);
  }
  const match = REFERENCE.exec(`${domain}/${remainder}`);
  if (match === null) throw invalid('invalid reference format');
  const [, , path = '', tag = null, digest = null] = match;
  if (path.length > PATH_MAX) throw invalid(`repository name must not be more than ${PATH_MAX} characters`);
  if (digest !== null) parseDigest(digest);
  return { domain, path, tag, digest };
}

/** The reference with `:latest` when it has neither tag nor digest. */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag === null && reference.digest === null ? { ...reference, tag: DEFAULT_TAG } : reference;
}

/** The repository: `docker.io/library/busybox`. */
export function repositoryOf(reference: Reference): string {
  return `${reference.domain}/${reference.path}`;
}

/** The whole normalized text: `docker.io/library/busybox:latest`. */
export function formatReference(reference: Reference): string {
  return repositoryOf(reference) + suffixOf(reference);
}

/** The short text that Docker shows: `busybox:latest`. Parses back to the same reference. */
export function familiarReference(reference: Reference): string {
  return familiarRepository(reference) + suffixOf(reference);
}

/** The short repository that Docker shows: `busybox`, `user/app`, `localhost:5000/a`. */
export function familiarRepository(reference: Reference): string {
  if (reference.domain !== DEFAULT_DOMAIN) return repositoryOf(reference);
  const rest = reference.path.startsWith(OFFICIAL_PREFIX) ? reference.path.slice(OFFICIAL_PREFIX.length) : '/';
  const short = rest.includes('/') ? reference.path : rest;
  // The first part of a path like `a.b/c` would be taken for a domain.
  return isDomain(firstPart(short)) ? repositoryOf(reference) : short;
}

function suffixOf({ tag, digest }: Reference): string {
  return (tag === null ? '' : `:${tag}`) + (digest === null ? '' : `@${digest}`);
}

/** What is before the first slash; empty when there is none. */
function firstPart(text: string): string {
  return text.slice(0, Math.max(0, text.indexOf('/')));
}

/** The first component is a domain only if nobody could mean a path by it. */
function isDomain(first: string): boolean {
  return first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase();
}

function splitDomain(text: string): { domain: string; remainder: string } {
  const first = firstPart(text);
  const hasDomain = isDomain(first);
  const domain = hasDomain && first !== LEGACY_DEFAULT_DOMAIN ? first : DEFAULT_DOMAIN;
  const remainder = hasDomain ? text.slice(first.length + 1) : text;
  const isOfficial = domain === DEFAULT_DOMAIN && !remainder.includes('/');
  return { domain, remainder: isOfficial ? OFFICIAL_PREFIX + remainder : remainder };
}

function invalid(message: string): BerthError {
  return new BerthError('REFERENCE_INVALID', message);
}

import { BerthError } from '@berth/errors';
import { familiarReference, isDigest, parseReference, withDefaultTag, type Reference } from '@berth/oci';
import type { ImageRecord } from './image.ts';
import type { ImageStore } from './ports.ts';

type Lookup = Pick<ImageStore, 'findByReference' | 'findByPrefix'>;

/**
 * Finds an image by what a user writes, in Docker's order: whole id, name, unique prefix of an id. Throws IMAGE_NOT_FOUND, IMAGE_AMBIGUOUS,
 * REFERENCE_INVALID.
 */
export function lookUpImage(store: Lookup & Pick<ImageStore, 'get'>, name: string): ImageRecord {
  return store.get(lookUpImageId(store, name)) ?? fail(name);
}

/** As lookUpImage, the id alone. */
export function lookUpImageId(store: Lookup, name: string): string {
  const wholeId = wholeIdOf(name);
  if (wholeId !== null) return findByPrefix(store, wholeId) ?? fail(name);
  const reference = withDefaultTag(parseReference(name));
  return store.findByReference(storedFormOf(reference)) ?? findByPrefix(store, name) ?? fail(name);
}

/** True when the name means an image by its id, not by a reference. */
export function isIdOrPrefix(name: string, imageId: string): boolean {
  return imageId.startsWith(name) || imageId.startsWith(`sha256:${name}`);
}

/** A name with both a tag and a digest is known by its digest. */
function storedFormOf(reference: Reference): Reference {
  return reference.digest === null ? reference : { ...reference, tag: null };
}

function findByPrefix(store: Lookup, name: string): string | null {
  const prefix = /^(?:sha256:)?([0-9a-f]{1,64})$/.exec(name)?.[1];
  if (prefix === undefined) return null;
  const [first = null, second] = store.findByPrefix(prefix);
  if (second !== undefined) {
    throw new BerthError('IMAGE_AMBIGUOUS', `multiple IDs found with provided prefix: ${name}`);
  }
  return first;
}

function wholeIdOf(name: string): string | null {
  if (isDigest(name)) return name;
  return /^[0-9a-f]{64}$/.test(name) ? `sha256:${name}` : null;
}

function fail(name: string): never {
  const shown = wholeIdOf(name) ?? familiarReference(withDefaultTag(parseReference(name)));
  throw new BerthError('IMAGE_NOT_FOUND', `No such image: ${shown}`);
}

import { BerthError } from '@berth/errors';
import { familiarRepository, parseReference, withDefaultTag, type Reference } from '@berth/oci';

/** The name that a new image gets; null for none. Throws REFERENCE_INVALID, with that message for a name with a digest. */
export function parseNewReference(text: string, refusal: string): Reference | null {
  if (text === '') return null;
  const reference = withDefaultTag(parseReference(text));
  if (reference.digest !== null) throw new BerthError('REFERENCE_INVALID', refusal);
  checkNewName(reference);
  return reference;
}

/** Throws REFERENCE_INVALID for a name that would be taken for an image's id: `sha256:...`. */
export function checkNewName(reference: Reference): void {
  if (familiarRepository(reference) !== 'sha256') return;
  throw new BerthError('REFERENCE_INVALID', 'refusing to create an ambiguous tag using digest algorithm as name');
}

/** An OCI config's `config` object as JSON; empty for `{}`. Throws INVALID_ARGUMENT. */
export function parseContainerConfig(bytes: Uint8Array): object {
  if (bytes.length === 0) return {};
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Falls through to the one error.
  }
  throw new BerthError('INVALID_ARGUMENT', "the image's config is not a JSON object");
}

import { createHash } from 'node:crypto';
import { BerthError } from '@berth/errors';

/** The algorithms of the image spec that are registered and in use. */
export type DigestAlgorithm = 'sha256' | 'sha512';

/** A digest in its parts: `sha256:<64 hex>` or `sha512:<128 hex>`. */
export interface Digest {
  readonly algorithm: DigestAlgorithm;
  readonly hex: string;
}

const HEX_LENGTH: Record<DigestAlgorithm, number> = { sha256: 64, sha512: 128 };

// https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests
const GRAMMAR = /^([a-z0-9]+(?:[+._-][a-z0-9]+)*):([a-zA-Z0-9=_-]+)$/;
const MAX_LENGTH = 'sha512:'.length + 128;

/** Parses a digest. The result is safe as a file name. Throws DIGEST_INVALID with go-digest's texts, which Docker shows. */
export function parseDigest(text: string): Digest {
  const match = text.length <= MAX_LENGTH ? GRAMMAR.exec(text) : null;
  if (match === null) throw new BerthError('DIGEST_INVALID', 'invalid checksum digest format');
  const [, algorithm = '', hex = ''] = match;
  if (!isAlgorithm(algorithm)) throw new BerthError('DIGEST_INVALID', 'unsupported digest algorithm');
  if (hex.length !== HEX_LENGTH[algorithm]) throw new BerthError('DIGEST_INVALID', 'invalid checksum digest length');
  if (!/^[a-f0-9]+$/.test(hex)) throw new BerthError('DIGEST_INVALID', 'invalid checksum digest format');
  return { algorithm, hex };
}

/** Tells whether a text is a digest that parseDigest accepts. */
export function isDigest(text: string): boolean {
  return /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/.test(text);
}

/** The sha256 digest of bytes. */
export function sha256Digest(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The digest of bytes by the same algorithm as another digest, to compare with it. */
export function digestLike(digest: string, bytes: Uint8Array): string {
  const { algorithm } = parseDigest(digest);
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

function isAlgorithm(name: string): name is DigestAlgorithm {
  return Object.hasOwn(HEX_LENGTH, name);
}

import { BerthError } from '@berth/errors';
import { z } from 'zod';
import { annotationsSchema, descriptorSchema, type Descriptor } from './descriptor.ts';
import {
  isIndexMediaType,
  isManifestMediaType,
  isSchema1MediaType,
  MEDIA_TYPES,
  stripMediaTypeParameters,
} from './media-type.ts';
import { parseJson } from './parse-json.ts';

/** The manifest of one image: its config, and its layers from the lowest up. */
export interface Manifest {
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
}

/** An OCI index or a Docker manifest list. */
export interface Index {
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
}

/** The most bytes a manifest or index may have: 4 MiB, what registries accept. */
export const MANIFEST_MAX_BYTES = 4 * 1024 * 1024;

const MAX_LAYERS = 1000;
const MAX_MANIFESTS = 10_000;
const SCHEMA1_TEXT =
  'Docker Image Format v1 and Docker Image manifest version 2, schema 1 are not supported. Ask the author of the image to ' +
  'upgrade it to the OCI Format or Docker Image manifest v2, schema 2. ' +
  'More information at https://docs.docker.com/go/deprecated-image-specs/';

const MANIFEST_ERROR = { reason: 'MANIFEST_INVALID', what: 'manifest' } as const;

const present = z.unknown().optional();
const shapeSchema = z.object({
  schemaVersion: z.number().optional(),
  mediaType: z.string().max(255).nullish(),
  manifests: present,
  config: present,
  layers: present,
  fsLayers: present,
});
type Shape = z.output<typeof shapeSchema>;

const manifestSchema = z.object({
  config: descriptorSchema,
  layers: z.array(descriptorSchema).max(MAX_LAYERS),
  annotations: annotationsSchema,
});

const indexSchema = z.object({
  manifests: z.array(descriptorSchema).max(MAX_MANIFESTS),
  annotations: annotationsSchema,
});

/**
 * The media type of a manifest's or index's bytes, from the Content-Type they were served with (null: none) and from the body. The two
 * must agree, and a body must not be both a manifest and an index (CVE-2021-41190).
 * Throws MANIFEST_INVALID, MANIFEST_TOO_LARGE or MEDIA_TYPE_UNSUPPORTED.
 */
export function detectMediaType(bytes: Uint8Array, contentType: string | null): string {
  checkSize(bytes);
  const served = stripMediaTypeParameters(contentType ?? '');
  if (isSchema1MediaType(served)) throw unsupported(SCHEMA1_TEXT);
  if (served !== '' && !isKnown(served) && !isGeneric(served)) throw unsupportedType(served);
  const shape = parseJson(bytes, shapeSchema, MANIFEST_ERROR);
  if (isSchema1(shape)) throw unsupported(SCHEMA1_TEXT);
  const mediaType = isKnown(served) ? served : (shape.mediaType ?? '');
  if (!isKnown(mediaType)) throw unsupportedType(mediaType || served);
  checkShape(shape, mediaType);
  return mediaType;
}

/** Parses the manifest of one image. Throws as detectMediaType, and MEDIA_TYPE_UNSUPPORTED for an index. */
export function parseManifest(bytes: Uint8Array, contentType: string): Manifest {
  const mediaType = detectMediaType(bytes, contentType);
  if (!isManifestMediaType(mediaType)) throw unsupported(`expected the manifest of an image, not ${mediaType}`);
  return { mediaType, ...parseJson(bytes, manifestSchema, MANIFEST_ERROR) };
}

/** Parses an index or manifest list. Throws as detectMediaType, and MEDIA_TYPE_UNSUPPORTED for a manifest. */
export function parseIndex(bytes: Uint8Array, contentType: string): Index {
  const mediaType = detectMediaType(bytes, contentType);
  if (!isIndexMediaType(mediaType)) throw unsupported(`expected an image index, not ${mediaType}`);
  return { mediaType, ...parseJson(bytes, indexSchema, MANIFEST_ERROR) };
}

function checkSize(bytes: Uint8Array): void {
  if (bytes.byteLength <= MANIFEST_MAX_BYTES) return;
  throw new BerthError('MANIFEST_TOO_LARGE', `manifest has ${bytes.byteLength} bytes: at most ${MANIFEST_MAX_BYTES}`);
}

function checkShape(shape: Shape, mediaType: string): void {
  if (shape.schemaVersion !== 2) throw invalid(`schemaVersion must be 2`);
  if (shape.mediaType && shape.mediaType !== mediaType) {
    throw invalid(`its mediaType ${shape.mediaType} is not the ${mediaType} it was served as`);
  }
  const looksIndex = shape.manifests !== undefined;
  const looksManifest = shape.layers !== undefined || shape.config !== undefined;
  if (looksIndex && looksManifest) throw invalid('it has the fields of a manifest and of an index');
  if (isIndexMediaType(mediaType) ? looksManifest : looksIndex)
    throw invalid(`its fields are not those of ${mediaType}`);
}

/** Schema 1 was often served as text/plain, and unsigned ones have no mediaType. */
function isSchema1(shape: Shape): boolean {
  return isSchema1MediaType(shape.mediaType ?? '') || (shape.schemaVersion === 1 && shape.fsLayers !== undefined);
}

function isKnown(mediaType: string): boolean {
  return isManifestMediaType(mediaType) || isIndexMediaType(mediaType);
}

/** Types that say nothing: simple file servers send them, so the body must tell. */
function isGeneric(mediaType: string): boolean {
  return ['application/json', 'application/octet-stream', 'text/plain'].includes(mediaType);
}

function invalid(detail: string): BerthError {
  return new BerthError('MANIFEST_INVALID', `manifest is invalid: ${detail}`);
}

function unsupported(message: string): BerthError {
  return new BerthError('MEDIA_TYPE_UNSUPPORTED', message);
}

function unsupportedType(mediaType: string): BerthError {
  const known = [MEDIA_TYPES.ociManifest, MEDIA_TYPES.ociIndex, MEDIA_TYPES.dockerManifest, MEDIA_TYPES.dockerList];
  return unsupported(
    `unsupported manifest media type ${JSON.stringify(mediaType)}: expected one of ${known.join(', ')}`,
  );
}

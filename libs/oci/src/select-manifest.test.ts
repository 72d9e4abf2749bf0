import { expect, test } from '@jest/globals';
import { parseIndex } from './manifest.ts';
import { MEDIA_TYPES } from './media-type.ts';
import { parsePlatform } from './platform.ts';
import { selectManifest } from './select-manifest.ts';

/** An index whose entries are named by the first letters of their digests. */
function index(entries: Record<string, string | null>, mediaType: string = MEDIA_TYPES.ociManifest) {
  const manifests = Object.entries(entries).map(([letter, platform]) => {
    const [os, architecture, variant] = platform?.split('/') ?? [];
    const fields = platform === null ? {} : { platform: { os, architecture, variant } };
    return { mediaType, digest: `sha256:${letter.repeat(64)}`, size: 1, ...fields };
  });
  return parseIndex(new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, manifests })), MEDIA_TYPES.ociIndex);
}

function selected(entries: Record<string, string | null>, platform: string): string {
  return selectManifest(index(entries), parsePlatform(platform)).digest.slice(7, 8);
}

test.each([
  ['the exact platform', { a: 'linux/arm64/v8', b: 'linux/amd64' }, 'linux/amd64', 'b'],
  [
    'the best level that the host has',
    { a: 'linux/amd64', b: 'linux/amd64/v2', c: 'linux/amd64/v4' },
    'linux/amd64/v3',
    'b',
  ],
  ['arm v6 for an arm v7', { a: 'linux/arm/v5', b: 'linux/arm/v6', c: 'linux/arm64' }, 'linux/arm/v7', 'b'],
  ['386 when there is no amd64', { a: 'linux/386', b: 'windows/amd64' }, 'linux/amd64', 'a'],
  ['the real one beside an attestation', { a: 'unknown/unknown', b: 'linux/amd64' }, 'linux/amd64', 'b'],
  ['one that names no platform, last', { a: null, b: 'linux/arm64' }, 'linux/amd64', 'a'],
])('takes %s', (_name, entries, platform, expected) => {
  expect(selected(entries, platform)).toBe(expected);
});

test('says what was looked for', () => {
  const text = 'no matching manifest for linux/s390x in the manifest list entries';
  expect(() => selected({ a: 'linux/amd64', b: 'unknown/unknown' }, 'linux/s390x')).toThrow(text);
});

test('does not take what is no manifest', () => {
  const artifacts = index({ a: 'linux/amd64' }, 'application/vnd.example+json');
  expect(() => selectManifest(artifacts, parsePlatform('linux/amd64'))).toThrow('no matching manifest');
});

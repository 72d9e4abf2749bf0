import { describe, expect, test } from '@jest/globals';
import { BerthError } from '@berth/errors';
import { detectMediaType, MANIFEST_MAX_BYTES, parseIndex, parseManifest } from './manifest.ts';
import { MEDIA_TYPES } from './media-type.ts';

const { ociManifest, ociIndex, dockerManifest, dockerList } = MEDIA_TYPES;
const digest = `sha256:${'a'.repeat(64)}`;
const config = { mediaType: MEDIA_TYPES.ociConfig, digest, size: 7 };
const layer = { mediaType: MEDIA_TYPES.ociLayerGzip, digest, size: 8 };
const manifest = { schemaVersion: 2, mediaType: ociManifest, config, layers: [layer] };

function bytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
}

function reasonOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof BerthError) return error.reason;
  }
  return 'none';
}

describe('detectMediaType', () => {
  test.each([
    ['the served type', { schemaVersion: 2, config, layers: [] }, ociManifest, ociManifest],
    ['without its parameters', manifest, `${ociManifest}; charset=utf-8`, ociManifest],
    ['the body of a generic type', { ...manifest, mediaType: dockerManifest }, 'application/json', dockerManifest],
    ['the body without any type', { schemaVersion: 2, mediaType: dockerList, manifests: [] }, null, dockerList],
    ['null as absent', { ...manifest, mediaType: null }, ociManifest, ociManifest],
  ])('takes %s', (_name, body, contentType, expected) => {
    expect(detectMediaType(bytes(body), contentType)).toBe(expected);
  });

  test.each([
    ['a body of another type than it was served as', manifest, dockerManifest, 'MANIFEST_INVALID'],
    ['a manifest that is also an index', { ...manifest, manifests: [] }, ociManifest, 'MANIFEST_INVALID'],
    ['an index that has a config', { schemaVersion: 2, manifests: [], config }, ociIndex, 'MANIFEST_INVALID'],
    ['an index served as a manifest', { schemaVersion: 2, manifests: [] }, ociManifest, 'MANIFEST_INVALID'],
    ['another schema version', { ...manifest, schemaVersion: 3 }, ociManifest, 'MANIFEST_INVALID'],
    ['no JSON', '{"schemaVersion":2,', ociManifest, 'MANIFEST_INVALID'],
    ['a list', '[]', ociManifest, 'MANIFEST_INVALID'],
    ['a byte order mark', '\uFEFF{"schemaVersion":2}', ociManifest, 'MANIFEST_INVALID'],
    ['a web page', '<html>', 'text/html', 'MEDIA_TYPE_UNSUPPORTED'],
    [
      'a body that names no type',
      { schemaVersion: 2, config, layers: [] },
      'application/json',
      'MEDIA_TYPE_UNSUPPORTED',
    ],
    ['schema 1 by its type', { schemaVersion: 1 }, MEDIA_TYPES.dockerSchema1Signed, 'MEDIA_TYPE_UNSUPPORTED'],
    ['schema 1 as text', { schemaVersion: 1, fsLayers: [] }, 'text/plain', 'MEDIA_TYPE_UNSUPPORTED'],
    ['too many bytes', ' '.repeat(MANIFEST_MAX_BYTES + 1), ociManifest, 'MANIFEST_TOO_LARGE'],
  ])('refuses %s', (_name, body, contentType, reason) => {
    expect(reasonOf(() => detectMediaType(bytes(body), contentType))).toBe(reason);
  });

  test('refuses text that is not UTF-8', () => {
    expect(reasonOf(() => detectMediaType(new Uint8Array([0x7b, 0xff, 0x7d]), ociManifest))).toBe('MANIFEST_INVALID');
  });

  test('survives a depth bomb', () => {
    const bomb = `{"schemaVersion":2,"layers":${'['.repeat(500_000)}`;
    expect(reasonOf(() => detectMediaType(bytes(bomb), ociManifest))).toBe('MANIFEST_INVALID');
  });
});

describe('parseManifest', () => {
  test('gives config and layers in order', () => {
    const parsed = parseManifest(bytes({ ...manifest, annotations: null }), ociManifest);
    expect(parsed).toMatchObject({ mediaType: ociManifest, config, layers: [layer], annotations: {} });
  });

  test.each([
    ['a digest that is a path', { ...layer, digest: 'sha256:../../etc/passwd' }],
    ['an unknown algorithm', { ...layer, digest: `md5:${'a'.repeat(32)}` }],
    ['a negative size', { ...layer, size: -1 }],
    ['a size that no file has', { ...layer, size: 1e300 }],
    ['a fraction', { ...layer, size: 1.5 }],
    ['a size in text', { ...layer, size: '8' }],
    ['no media type', { ...layer, mediaType: undefined }],
  ])('refuses %s', (_name, hostile) => {
    expect(reasonOf(() => parseManifest(bytes({ ...manifest, layers: [hostile] }), ociManifest))).toBe(
      'MANIFEST_INVALID',
    );
  });

  test('refuses ten thousand layers', () => {
    const layers = Array.from({ length: 10_000 }, () => layer);
    expect(reasonOf(() => parseManifest(bytes({ ...manifest, layers }), ociManifest))).toBe('MANIFEST_INVALID');
  });

  test('says where the fault is', () => {
    const action = () => parseManifest(bytes({ ...manifest, layers: [layer, { ...layer, digest: 'x' }] }), ociManifest);
    expect(action).toThrow('manifest is invalid: layers.1.digest: not a digest');
  });

  test('refuses an index', () => {
    const index = bytes({ schemaVersion: 2, manifests: [] });
    expect(reasonOf(() => parseManifest(index, ociIndex))).toBe('MEDIA_TYPE_UNSUPPORTED');
    expect(reasonOf(() => parseIndex(bytes(manifest), ociManifest))).toBe('MEDIA_TYPE_UNSUPPORTED');
  });
});

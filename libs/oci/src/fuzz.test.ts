import { expect } from '@jest/globals';
import { isBerthError, type Reason } from '@berth/errors';
import { fuzz, hostileJson, hostileText, refused } from '@berth/testkit/fuzz';
import { parseImageConfig } from './image-config.ts';
import { parseIndex, parseManifest } from './manifest.ts';
import { MEDIA_TYPES } from './media-type.ts';
import { formatPlatform, normalizePlatform, parsePlatform } from './platform.ts';
import { familiarReference, formatReference, parseReference } from './reference.ts';
import { selectManifest } from './select-manifest.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const PLATFORM = { architecture: 'arm64', os: 'linux', variant: 'v8', 'os.features': ['sse4'] };

const throws =
  (...reasons: Reason[]) =>
  (error: unknown) =>
    reasons.some((reason) => isBerthError(error, reason));

const descriptor = (mediaType: string) => ({
  ...{ mediaType, digest: DIGEST, size: 5, platform: PLATFORM, urls: ['https://a/b'], annotations: { a: 'b' } },
});
const manifest = (mediaType: string) => ({
  ...{ schemaVersion: 2, mediaType, config: descriptor(MEDIA_TYPES.ociConfig) },
  ...{ layers: [descriptor(MEDIA_TYPES.ociLayerGzip)], annotations: { a: 'b' } },
});
const index = (mediaType: string) => ({
  ...{
    schemaVersion: 2,
    mediaType,
    manifests: [descriptor(MEDIA_TYPES.ociManifest), descriptor(MEDIA_TYPES.ociIndex)],
  },
});

fuzz(
  'what is a reference is the same one when it is written again',
  hostileText(
    ['busybox', 'user/app:v1', `localhost:5000/a/b@${DIGEST}`, `[::1]:5000/a:v1@${DIGEST}`, 'a.b/c__d/e-f.g'],
    [
      '/',
      ':',
      '@',
      '.',
      '-',
      '_',
      '__',
      '[',
      ']',
      'docker.io',
      'index.docker.io',
      'library',
      'localhost',
      'A',
      'a',
      '0',
      DIGEST,
    ],
  ),
  (text) => {
    const reference = refused(() => parseReference(text), throws('REFERENCE_INVALID', 'DIGEST_INVALID'));
    if (reference === null) return;
    expect(parseReference(formatReference(reference))).toEqual(reference);
    expect(parseReference(familiarReference(reference))).toEqual(reference);
  },
);

fuzz(
  'what is a platform is the same one when it is written again',
  hostileText(
    ['linux/amd64', 'linux/arm64/v8', 'arm/v7', 'windows'],
    ['/', 'linux', 'arm', 'aarch64', 'x86_64', 'v8', '7', '*'],
  ),
  (text) => {
    const platform = refused(() => parsePlatform(text), throws('INVALID_ARGUMENT'));
    if (platform === null) return;
    expect(parsePlatform(formatPlatform(platform))).toEqual(platform);
    expect(normalizePlatform(platform)).toEqual(platform);
  },
);

fuzz(
  'manifests are read or refused',
  hostileJson([manifest(MEDIA_TYPES.ociManifest), manifest(MEDIA_TYPES.dockerManifest), index(MEDIA_TYPES.ociIndex)]),
  (bytes) => {
    for (const mediaType of [MEDIA_TYPES.ociManifest, MEDIA_TYPES.dockerManifest, 'text/plain']) {
      const parsed = refused(
        () => parseManifest(bytes, mediaType),
        throws('MANIFEST_INVALID', 'MEDIA_TYPE_UNSUPPORTED'),
      );
      for (const { digest, size } of parsed?.layers ?? [])
        expect([digest.includes(':'), size >= 0]).toEqual([true, true]);
    }
  },
);

fuzz(
  'indexes are read or refused, and so is the choice of a platform',
  hostileJson([index(MEDIA_TYPES.ociIndex), index(MEDIA_TYPES.dockerList), manifest(MEDIA_TYPES.ociManifest)]),
  (bytes) => {
    for (const mediaType of [MEDIA_TYPES.ociIndex, MEDIA_TYPES.dockerList, '']) {
      const parsed = refused(() => parseIndex(bytes, mediaType), throws('MANIFEST_INVALID', 'MEDIA_TYPE_UNSUPPORTED'));
      if (parsed === null) continue;
      refused(
        () => selectManifest(parsed, normalizePlatform({ os: 'linux', architecture: 'arm64', variant: '' })),
        throws('PLATFORM_NOT_FOUND'),
      );
    }
  },
);

const IMAGE_CONFIG = {
  ...{
    architecture: 'amd64',
    os: 'linux',
    created: '2026-01-01T00:00:00Z',
    author: 'a',
    rootfs: { type: 'layers', diff_ids: [DIGEST] },
  },
  config: {
    ...{
      User: 'a:b',
      Env: ['A=b'],
      Entrypoint: ['a'],
      Cmd: ['b'],
      WorkingDir: '/a',
      Volumes: { '/v': {} },
      Labels: { a: 'b' },
    },
    ...{ ExposedPorts: { '80/tcp': {} }, StopSignal: 'SIGTERM', OnBuild: ['RUN a'], Shell: ['/bin/sh'] },
    Healthcheck: { Test: ['CMD', 'a'], Interval: 1e9, Timeout: 1e9, StartPeriod: 0, Retries: 3 },
  },
  history: [{ created: '2026-01-01T00:00:00Z', created_by: 'a', comment: 'b', empty_layer: true }],
};

fuzz('configs of images are read or refused', hostileJson([IMAGE_CONFIG]), (bytes) => {
  refused(() => parseImageConfig(bytes), throws('IMAGE_CONFIG_INVALID'));
});

import { expect } from '@jest/globals';
import { isBerthError } from '@berth/errors';
import { fuzz, hostileJson, hostileTar, hostileText, refused } from '@berth/testkit/fuzz';
import { listArchivedImages } from './archived-images.ts';
import type { ImageArchive } from './image-archive.ts';
import { compilePathPattern } from './path-match.ts';
import { readTar } from './tar-reader.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

fuzz('archives are read to their end, or refused', hostileTar(), async (archive) => {
  const read = (buffer: Buffer, offset: number, length: number, position: number) =>
    Promise.resolve({
      bytesRead: archive.copy(buffer, offset, Math.min(position, archive.length), position + length),
      buffer,
    });
  let end = 0;
  try {
    for await (const { offset, size } of readTar({ read: read as never })) {
      expect(offset).toBeGreaterThan(end);
      expect(end).toBeLessThanOrEqual(archive.length);
      end = offset + size;
    }
    expect(end).toBeLessThanOrEqual(archive.length);
  } catch (error) {
    if (!isBerthError(error, 'ARCHIVE_INVALID')) throw error;
  }
});

const LAYER = { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: DIGEST, size: 5 };
const MANIFEST = { ...LAYER, mediaType: 'application/vnd.oci.image.manifest.v1+json' };
const DOCUMENTS = [
  [{ Config: 'a.json', RepoTags: ['a:b', 'localhost:5000/a:b'], Layers: ['a/layer.tar'] }],
  {
    ...{ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json' },
    manifests: [
      { ...MANIFEST, annotations: { 'io.containerd.image.name': 'a:b', 'org.opencontainers.image.ref.name': 'b' } },
    ],
  },
  {
    ...MANIFEST,
    schemaVersion: 2,
    config: { ...LAYER, mediaType: 'application/vnd.oci.image.config.v1+json' },
    layers: [LAYER],
  },
];

fuzz('what an archive says of its images is taken or refused', hostileJson(DOCUMENTS), async (document) => {
  for (const named of ['manifest.json', 'index.json']) {
    // Every blob is the same document: indexes may nest without an end.
    const archive: Pick<ImageArchive, 'has' | 'document'> = {
      has: (path) => path === named,
      document: () => Promise.resolve(document),
    };
    try {
      await listArchivedImages(archive as ImageArchive, { os: 'linux', architecture: 'amd64', variant: null });
    } catch (error) {
      const reasons = ['ARCHIVE_INVALID', 'MANIFEST_INVALID', 'MEDIA_TYPE_UNSUPPORTED', 'PLATFORM_NOT_FOUND'] as const;
      if (!reasons.some((reason) => isBerthError(error, reason))) throw error;
    }
  }
});

const PATTERN = ['*', '?', '[', ']', '-', '^', '\\', 'a', 'b', '/', '**'];

fuzz('patterns of paths answer', hostileText(['a*b?', '[a-z]*', '*/*/*', 'a\\*'], PATTERN), (pattern) => {
  const matches = refused(
    () => compilePathPattern(pattern),
    (error) => isBerthError(error, 'INVALID_ARGUMENT'),
  );
  expect(typeof (matches?.('a/b/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab') ?? false)).toBe('boolean');
  if (!/[*?[\\]/.test(pattern)) expect(matches?.(pattern)).toBe(true);
});

import { beforeEach, expect, test } from '@jest/globals';
import { MEDIA_TYPES, sha256Digest } from '@berth/oci';
import { createMemoryContentStore } from './adapters/memory-content-store.ts';
import { createMemoryRegistryClient, type MemoryRegistryClient } from './adapters/memory-registry-client.ts';
import { reasonOf } from './content-store.contract.ts';
import { createGetManifest, createResolveReference, type GetManifest, type ResolveReference } from './get-manifest.ts';
import type { ContentStore } from './ports.ts';

const content = Buffer.from('{"schemaVersion":2}');
const digest = sha256Digest(content);
const descriptor = { digest, size: content.byteLength, mediaType: MEDIA_TYPES.ociManifest as string };
const request = {
  repository: { domain: 'r.test', path: 'a' },
  credentials: null,
  signal: new AbortController().signal,
};

let store: ContentStore;
let registry: MemoryRegistryClient;
let getManifest: GetManifest;
let resolveReference: ResolveReference;
beforeEach(() => {
  store = createMemoryContentStore();
  const manifest = { descriptor, content };
  registry = createMemoryRegistryClient({
    manifests: new Map([
      [digest, manifest],
      ['v1', manifest],
    ]),
  });
  getManifest = createGetManifest({ store, registry });
  resolveReference = createResolveReference({ store, registry });
});

test('a manifest comes from the registry once', async () => {
  expect(await getManifest(request, descriptor)).toEqual({ descriptor, content });
  expect(await getManifest(request, { ...descriptor, size: 0, mediaType: '' })).toEqual({ descriptor, content });
  expect(registry.requests).toEqual([`manifest ${digest}`]);
});

test('a manifest of another size than expected is refused', async () => {
  expect(await reasonOf(getManifest(request, { ...descriptor, size: 5 }))).toBe('SIZE_MISMATCH');
});

test('what is in the store as something else is asked for again', async () => {
  await using ingest = await store.ingest({ digest, size: null, isResumable: false });
  await ingest.write(content);
  await ingest.commit({ digest, size: null, mediaType: MEDIA_TYPES.ociConfig, lease: null });
  expect((await getManifest(request, descriptor)).descriptor).toEqual(descriptor);
  expect(registry.requests).toEqual([`manifest ${digest}`]);
});

test('a tag is asked for every time, a digest only until it is in the store', async () => {
  for (let count = 0; count < 2; count++) {
    expect(await resolveReference(request, { tag: 'v1', digest: null })).toEqual(descriptor);
  }
  await resolveReference(request, { tag: null, digest });
  await getManifest(request, descriptor);
  expect(await resolveReference(request, { tag: 'v1', digest })).toMatchObject(descriptor);
  expect(registry.requests).toEqual(['resolve v1', 'resolve v1', `resolve ${digest}`, `manifest ${digest}`]);
});

test('an unknown tag is not found', async () => {
  expect(await reasonOf(resolveReference(request, { tag: 'v2', digest: null }))).toBe('MANIFEST_NOT_FOUND');
});

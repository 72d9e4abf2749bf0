import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { formatReference, MEDIA_TYPES, parseReference, sha256Digest } from '@berth/oci';
import { createMemoryContentClient, type MemoryContentClient } from './adapters/memory-content-client.ts';
import { createMemoryLayerStore, type MemoryLayerStore } from './adapters/memory-directories.ts';
import { createMemoryStores, type MemoryStores } from './adapters/memory-stores.ts';
import { createLayerPool, type LayerPool } from './layer-pool.ts';
import { createLeases, type Leases } from './leases.ts';
import { createPullImage, type PullEvent, type PullImage, type PullRequest } from './pull.ts';

const never = new AbortController().signal;
const hex = (text: string): string => `sha256:${text.repeat(64).slice(0, 64)}`;

/** A blob `sha256:a1…` unpacks to the layer `sha256:d1…`. */
const unpacked = (digest: string): string => `sha256:${digest.slice('sha256:'.length).replaceAll('a', 'd')}`;

describe('pullImage', () => {
  let dir: string;
  let stores: MemoryStores;
  let content: MemoryContentClient;
  let layers: MemoryLayerStore;
  let pool: LayerPool;
  let leases: Leases;
  let pullImage: PullImage;
  let syncs: number;
  beforeEach(() => {
    dir = mkdtempSync('/tmp/berth-');
    stores = createMemoryStores();
    content = createMemoryContentClient(dir);
    layers = createMemoryLayerStore((path) => unpacked(path.slice(path.indexOf('sha256:'))));
    const onRemovalFailed = () => {};
    pool = createLayerPool({ store: stores.images, layers, maxDownloads: 3, maxUnpacks: 2, onRemovalFailed });
    syncs = 0;
    const durability = { begin: () => void syncs++ };
    leases = createLeases({ list: stores.leases, content, onFailure: onRemovalFailed });
    pullImage = createPullImage({ store: stores.images, pool, content, durability, leases, signal: never });
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  interface Fields {
    readonly mediaType?: string;
    readonly configType?: string;
    readonly os?: string;
    readonly diffIds?: readonly string[];
  }

  /** Puts an image of the layers `a1`, `a2` … under a name into the registry and returns its id. */
  function publish(name: string, blobs: readonly string[], fields: Fields = {}): string {
    const { mediaType = MEDIA_TYPES.ociManifest, configType = MEDIA_TYPES.ociConfig, os = 'linux' } = fields;
    const diffIds = fields.diffIds ?? blobs.map((blob) => unpacked(hex(blob)));
    const config = put({
      architecture: 'amd64',
      os,
      author: blobs.join(),
      rootfs: { type: 'layers', diff_ids: diffIds },
    });
    const layerDescriptors = blobs.map((blob) => ({ mediaType: MEDIA_TYPES.ociLayerGzip, digest: hex(blob), size: 9 }));
    for (const blob of blobs) content.remote.content.set(hex(blob), Buffer.from(blob));
    const manifest = put({
      schemaVersion: 2,
      mediaType,
      config: { mediaType: configType, ...config },
      layers: layerDescriptors,
    });
    content.remote.references.set(formatReference(parseReference(name)), { mediaType, ...manifest });
    return config.digest;
  }

  function put(document: object): { digest: string; size: number } {
    const bytes = Buffer.from(JSON.stringify(document));
    const digest = sha256Digest(bytes);
    content.remote.content.set(digest, bytes);
    writeFileSync(join(dir, digest), bytes);
    return { digest, size: bytes.length };
  }

  async function pull(reference: string, fields: Partial<PullRequest> = {}, signal = never): Promise<PullEvent[]> {
    const events: PullEvent[] = [];
    const request = { reference, platform: '', credentials: null, ...fields };
    for await (const event of pullImage(request, signal)) events.push(event);
    return events;
  }

  test('brings config and layers, names the image by tag and digest, and tells', async () => {
    const id = publish('app:1', ['a1', 'a2']);
    const events = await pull('app:1');
    const last = events.at(-1);
    expect(last).toMatchObject({
      kind: 'done',
      upToDate: false,
      image: { id, sizeBytes: 200, platform: 'linux/amd64' },
    });
    const image = stores.images.get(id);
    const digest = content.remote.references.get('docker.io/library/app:1')?.digest ?? '';
    expect(image?.references.map(formatReference)).toEqual([
      'docker.io/library/app:1',
      `docker.io/library/app@${digest}`,
    ]);
    expect(stores.images.layersOf(id).map(({ diffId }) => diffId)).toEqual([hex('d1'), hex('d2')]);
    expect(stores.events).toEqual([{ verb: 'pull', objectId: 'app:1', name: 'app' }]);
    expect(syncs).toBe(1);
    expect(pool.isPinned(hex('d1'))).toBe(false);
    await leases.settle();
    expect([...content.leases]).toEqual([[`image:${id}`, [digest, id, hex('a1'), hex('a2')]]]);
    expect(stores.leases.list()).toEqual([]);
  });

  test('a name without a tag is latest, one with a digest gets no tag', async () => {
    const id = publish('app:latest', ['a1']);
    await pull('app');
    expect(stores.images.findByReference(parseReference('app:latest'))).toBe(id);
    const digest = content.remote.references.get('docker.io/library/app:latest')?.digest ?? '';
    const byDigest = parseReference(`other@${digest}`);
    content.remote.references.set(formatReference(byDigest), { mediaType: MEDIA_TYPES.ociManifest, digest, size: 0 });
    await pull(`other@${digest}`);
    expect(stores.images.get(id)?.references.map(formatReference)).toContain(formatReference(byDigest));
    expect(stores.images.findByReference(parseReference('other:latest'))).toBeNull();
  });

  test('an image that is here is not fetched again', async () => {
    publish('app:1', ['a1']);
    await pull('app:1');
    const fetched = content.fetched.length;
    const events = await pull('app:1');
    expect(events).toMatchObject([
      { kind: 'resolved', layers: [] },
      { kind: 'done', upToDate: true },
    ]);
    expect(content.fetched).toHaveLength(fetched);
  });

  test('an image whose layers come twice has each once on the disk', async () => {
    const id = publish('app:1', ['a1', 'a2', 'a1']);
    await pull('app:1');
    expect(layers.list()).toHaveLength(2);
    expect(stores.images.layersOf(id).map(({ diffId }) => diffId)).toEqual([hex('d1'), hex('d2'), hex('d1')]);
  });

  test.each<[string, Fields, string]>([
    ['of another operating system', { os: 'windows' }, 'PLATFORM_NOT_FOUND'],
    [
      'that is no container image',
      { configType: 'application/vnd.cncf.helm.config.v1+json' },
      'MEDIA_TYPE_UNSUPPORTED',
    ],
    ['whose config names fewer layers', { diffIds: [] }, 'IMAGE_CONFIG_INVALID'],
    ['whose layer is not what the config says', { diffIds: [hex('f')] }, 'DIGEST_MISMATCH'],
    ['of schema 1', { mediaType: MEDIA_TYPES.dockerSchema1Signed }, 'MEDIA_TYPE_UNSUPPORTED'],
  ])('refuses an image %s, and keeps nothing of it', async (_what, fields, reason) => {
    publish('bad:1', ['a1'], fields);
    await expect(pull('bad:1')).rejects.toMatchObject({ reason });
    await pool.settle();
    expect(layers.list()).toEqual([]);
    expect(layers.staged.size).toBe(0);
    expect(stores.images.list()).toEqual([]);
    await leases.settle();
    expect(content.leases.size).toBe(0);
  });

  test('when one layer fails the others stop, and none stays', async () => {
    publish('bad:1', ['a1', 'a2', 'a3']);
    content.remote.content.delete(hex('a2'));
    await expect(pull('bad:1')).rejects.toMatchObject({ reason: 'BLOB_NOT_FOUND' });
    await pool.settle();
    expect(layers.list()).toEqual([]);
  });

  test('a reader that stops ends the pull', async () => {
    publish('app:1', ['a1', 'a2']);
    layers.gate = new Promise(() => {});
    const events = pullImage({ reference: 'app:1', platform: '', credentials: null }, never);
    await events.next();
    const ending = events.return(undefined);
    layers.gate = Promise.resolve();
    await ending;
    expect(pool.isPinned(hex('d1'))).toBe(false);
    expect(stores.images.list()).toEqual([]);
  });

  test('an aborted call rejects', async () => {
    publish('app:1', ['a1']);
    await expect(pull('app:1', {}, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
    expect(stores.images.list()).toEqual([]);
  });
});

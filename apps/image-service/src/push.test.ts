import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { BerthError } from '@berth/errors';
import { MEDIA_TYPES, parseReference, sha256Digest } from '@berth/oci';
import { createMemoryContentClient, type MemoryContentClient } from './adapters/memory-content-client.ts';
import { createMemoryLayerStore } from './adapters/memory-directories.ts';
import { createMemoryStores, type MemoryStores } from './adapters/memory-stores.ts';
import { createGate } from './gate.ts';
import type { Layer } from './image.ts';
import { createLayerArchives } from './layer-archives.ts';
import { createLayerPool, type LayerPool } from './layer-pool.ts';
import { createLeases, layerLease, type Leases } from './leases.ts';
import type { ContentClient, ImageManifest, LayerBlob, PackedLayer } from './ports.ts';
import { createPushContent } from './push-content.ts';
import { createPushImage, type PushEvent, type PushImage } from './push.ts';

const never = new AbortController().signal;
const hex = (text: string): string => `sha256:${text.repeat(64).slice(0, 64)}`;
const layerOf = (name: string): Layer => ({ name, diffId: hex(name), sizeBytes: 1, root: null });
const CONFIG = Buffer.from('{"config":1}');
const ID = sha256Digest(CONFIG);
const REPOSITORY = 'r.test/app';

describe('pushImage', () => {
  let dir: string;
  let stores: MemoryStores;
  let content: MemoryContentClient;
  let leases: Leases;
  let pool: LayerPool;
  let pushImage: PushImage;
  let packed: string[];
  /** Overrides of the content store. */
  let overrides: Partial<ContentClient>;
  beforeEach(() => {
    dir = mkdtempSync('/tmp/berth-');
    stores = createMemoryStores();
    content = createMemoryContentClient(dir);
    overrides = {};
    packed = [];
    const onRemovalFailed = () => {};
    const { images: store } = stores;
    const layers = createMemoryLayerStore((path) => path);
    pool = createLayerPool({ store, layers, maxDownloads: 3, maxUnpacks: 2, onRemovalFailed });
    leases = createLeases({ list: stores.leases, content, onFailure: () => {} });
    const overridden = new Proxy(content, {
      get: (target, key: keyof ContentClient) => overrides[key] ?? target[key],
    });
    const write = (path: string): Promise<PackedLayer> => {
      packed.push(path);
      const file = join(dir, path.replaceAll('/', '_'));
      writeFileSync(file, `gzip ${path}`);
      return Promise.resolve({ path: file, size: 1, [Symbol.asyncDispose]: async () => rmSync(file) });
    };
    const archives = createLayerArchives({
      ...{ store, leases, content: overridden },
      layers: { packGzip: ({ name }) => write(name), gzip: write },
    });
    pushImage = createPushImage({
      store,
      pushContent: createPushContent({ store, pool, leases, content: overridden, archives, uploads: createGate(1) }),
      signal: never,
    });
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  interface Fields {
    readonly blobs?: readonly LayerBlob[];
    readonly manifest?: ImageManifest;
  }

  function addImage(name: string, layers: readonly string[], fields: Fields = {}): void {
    stores.images.commit({
      image: { id: ID, config: CONFIG, platform: 'linux/amd64', sizeBytes: 1, createTimeMs: null },
      layers: layers.map(layerOf),
      references: [parseReference(name)],
      events: [],
      isLeased: false,
      ...fields,
    });
  }

  async function push(reference: string, allTags = false): Promise<PushEvent[]> {
    const events: PushEvent[] = [];
    for await (const event of pushImage({ reference, allTags, platform: '', credentials: null }, never)) {
      events.push(event);
    }
    return events;
  }

  const blobOf = (diff: string, fields: Partial<LayerBlob> = {}): LayerBlob => ({
    ...{ diffId: hex(diff), digest: hex(`b${diff}`), mediaType: MEDIA_TYPES.ociLayerGzip, size: 7, repository: null },
    ...fields,
  });

  function manifestOf(layers: readonly object[], mediaType: string = MEDIA_TYPES.ociManifest): Buffer {
    const config = { mediaType: MEDIA_TYPES.ociConfig, digest: ID, size: CONFIG.length };
    return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers }));
  }

  function remoteManifest(bytes: Buffer): ImageManifest {
    const digest = sha256Digest(bytes);
    content.remote.content.set(digest, bytes);
    return { digest, mediaType: MEDIA_TYPES.ociManifest, size: bytes.length, repository: 'r.test/origin' };
  }

  test('compresses what was made here, once, and keeps it as long as the layer', async () => {
    addImage('r.test/app:1', ['a', 'b']);
    const events = await push('r.test/app:1');
    expect(events[0]).toEqual({ kind: 'started', repository: REPOSITORY });
    expect(events.at(-1)).toMatchObject({ kind: 'pushed', tag: '1' });
    await push('r.test/app:1');
    expect(packed).toEqual(['b', 'a']);
    await leases.settle();
    expect([...content.leases.keys()].sort()).toEqual([layerLease(hex('a')), layerLease(hex('b'))]);
    expect(stores.images.findBlob(hex('a'))).toMatchObject({ repository: REPOSITORY });
    stores.images.remove(ID, [], () => false);
    expect(stores.leases.list()).toEqual([layerLease(hex('a')), layerLease(hex('b'))]);
  });

  test('tells each layer, the uppermost first, one after another for one slot', async () => {
    addImage('r.test/app:1', ['a', 'b']);
    const phases = (await push('r.test/app:1')).flatMap((event) =>
      event.kind === 'layer' ? [`${event.diffId.slice(7, 9)} ${event.progress.phase}`] : [],
    );
    expect(phases).toEqual([
      ...['bb preparing', 'aa preparing', 'aa waiting'],
      ...['bb pushing', 'bb pushed', 'aa pushing', 'aa pushed'],
    ]);
  });

  test('a layer that is there twice goes once', async () => {
    addImage('r.test/app:1', ['a', 'b', 'a']);
    const events = await push('r.test/app:1');
    const phases = events.flatMap((event) => (event.kind === 'layer' ? [event.progress.phase] : []));
    expect(phases.filter((phase) => phase === 'pushed')).toHaveLength(2);
    expect(phases).not.toContain('already exists');
  });

  test('names what it has pushed by its digest, and tells one event, also of all tags', async () => {
    addImage('r.test/app:1', ['a']);
    stores.images.addReference(ID, parseReference('r.test/app:2'), []);
    const pushed = (await push('r.test/app', true)).flatMap((event) => (event.kind === 'pushed' ? [event] : []));
    expect(pushed.map(({ tag }) => tag)).toEqual(['1', '2']);
    expect(stores.images.get(ID)?.references.map(({ digest }) => digest)).toContain(pushed[0]?.digest);
    expect(stores.events).toEqual([{ verb: 'push', objectId: 'r.test/app', name: 'r.test/app' }]);
  });

  test('an image that was removed meanwhile stays removed', async () => {
    addImage('r.test/app:1', ['a']);
    overrides.pushManifest = (...args) => {
      stores.images.remove(ID, [], pool.isPinned);
      return content.pushManifest(...args);
    };
    await push('r.test/app:1');
    expect(stores.images.list()).toEqual([]);
    expect(stores.events).toHaveLength(1);
    await leases.settle();
    expect([...content.leases.keys()]).toEqual([]);
    expect(stores.leases.list()).toEqual([]);
  });

  test('the manifest that an image came with goes out again, with foreign layers left where they are', async () => {
    const foreign = { mediaType: MEDIA_TYPES.ociForeignLayer, digest: hex('f'), size: 5, urls: ['https://x.test'] };
    const own = { mediaType: MEDIA_TYPES.ociLayer, digest: hex('ba'), size: 6 };
    const bytes = manifestOf([foreign, own]);
    content.remote.content.set(hex('ba'), Buffer.from('archive'));
    addImage('r.test/app:1', ['f', 'a'], { manifest: remoteManifest(bytes) });
    const events = await push('r.test/app:1');
    expect(events.at(-1)).toMatchObject({ digest: sha256Digest(bytes), sizeBytes: bytes.length });
    expect(events).toContainEqual(
      expect.objectContaining({ progress: expect.objectContaining({ phase: 'skipped foreign layer' }) }),
    );
    expect(content.pushed).not.toContain(`${REPOSITORY} ${hex('f')}`);
    expect(packed).toEqual([]);
  });

  test('a layer that the store has no more comes from its own registry', async () => {
    addImage('r.test/app:1', ['a'], { blobs: [blobOf('a', { repository: 'r.test/origin' })] });
    let isHere = false;
    overrides.fetchBlob = async ({ repository, descriptor }) => {
      expect([repository, descriptor.digest]).toEqual(['r.test/origin', hex('ba')]);
      isHere = true;
      return '';
    };
    overrides.pushBlob = async ({ descriptor }) => {
      if (descriptor.digest === hex('ba') && !isHere) throw new BerthError('BLOB_NOT_FOUND', 'not here');
      return { how: 'uploaded' };
    };
    expect((await push('r.test/app:1')).at(-1)).toMatchObject({ kind: 'pushed' });
    expect(isHere).toBe(true);
  });

  test('when a manifest is lost another is made', async () => {
    const lost = { digest: hex('e'), mediaType: MEDIA_TYPES.ociManifest, size: 5, repository: 'r.test/origin' };
    content.remote.content.set(hex('ba'), Buffer.from('archive'));
    addImage('r.test/app:1', ['a'], {
      blobs: [blobOf('a', { mediaType: MEDIA_TYPES.dockerLayerGzip })],
      manifest: lost,
    });
    expect((await push('r.test/app:1')).at(-1)).toMatchObject({ kind: 'pushed' });
    const manifest = content.remote.content.get(
      stores.images.get(ID)?.references.find(({ digest }) => digest !== null)?.digest ?? '',
    );
    expect(JSON.parse(String(manifest))).toMatchObject({
      mediaType: MEDIA_TYPES.dockerManifest,
      config: { mediaType: MEDIA_TYPES.dockerConfig },
      layers: [{ mediaType: MEDIA_TYPES.dockerLayerGzip, digest: hex('ba'), size: 7 }],
    });
  });

  test('when a layer fails nothing is named, and no lease stays', async () => {
    addImage('r.test/app:1', ['a', 'b']);
    overrides.ingest = async (blob, data, signal) => {
      if (blob.lease === layerLease(hex('a'))) throw new BerthError('DISK_FULL', 'no space left on device');
      return content.ingest(blob, data, signal);
    };
    await expect(push('r.test/app:1')).rejects.toThrow('no space left on device');
    await leases.settle();
    expect(content.pushed.some((line) => line.endsWith(' 1'))).toBe(false);
    expect(stores.events).toEqual([]);
    expect([...content.leases.keys()]).toEqual([layerLease(hex('b'))]);
  });

  test('says what Docker says of what is not there', async () => {
    addImage('r.test/app:1', ['a']);
    stores.images.addReference(ID, parseReference(`other@${hex('c')}`), []);
    await expect(push('nothing')).rejects.toThrow('An image does not exist locally with the tag: nothing');
    await expect(push('r.test/app:2')).rejects.toThrow('tag does not exist: r.test/app:2');
    await expect(push('other', true)).rejects.toThrow('no tags to push for other');
    await expect(push(`r.test/app@${hex('c')}`)).rejects.toThrow('cannot push a digest reference');
  });
});

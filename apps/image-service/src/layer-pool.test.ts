import { beforeEach, describe, expect, test } from '@jest/globals';
import { createMemoryLayerStore, type MemoryLayerStore } from './adapters/memory-directories.ts';
import { createMemoryStores, type MemoryStores } from './adapters/memory-stores.ts';
import { createLayerPool, type LayerPool, type LayerRequest } from './layer-pool.ts';

const never = new AbortController().signal;

describe('createLayerPool', () => {
  let stores: MemoryStores;
  let layers: MemoryLayerStore;
  let pool: LayerPool;
  let fetched: string[];
  let phases: string[];
  beforeEach(() => {
    stores = createMemoryStores();
    layers = createMemoryLayerStore((path) => path.replace('/blobs/', ''));
    const onRemovalFailed = () => {};
    pool = createLayerPool({ store: stores.images, layers, maxDownloads: 2, maxUnpacks: 1, onRemovalFailed });
    fetched = [];
    phases = [];
  });

  function request(diffId: string, fields: Partial<LayerRequest> = {}): LayerRequest {
    return {
      diffId,
      sizeBytes: 50,
      signal: never,
      fetch({ signal }) {
        signal.throwIfAborted();
        fetched.push(diffId);
        return Promise.resolve(`/blobs/${diffId}`);
      },
      onProgress: ({ phase }) => void phases.push(phase),
      ...fields,
    };
  }

  function commit(
    imageId: string,
    held: readonly { layer: Parameters<typeof stores.images.commit>[0]['layers'][0] }[],
  ) {
    stores.images.commit({
      image: { id: imageId, config: Buffer.from('{}'), platform: 'linux/amd64', sizeBytes: 0, createTimeMs: 0 },
      layers: held.map(({ layer }) => layer),
      references: [],
      events: [],
      isLeased: false,
    });
  }

  test('fetches and unpacks a layer, and tells how it goes', async () => {
    const held = await pool.acquire(request('a'));
    expect(held.layer).toEqual({ name: '1', diffId: 'a', sizeBytes: 100, root: null });
    expect(phases).toEqual(['waiting', 'downloaded', 'extracting', 'complete']);
    expect(layers.list()).toEqual(['1']);
    expect(pool.isPinned('a')).toBe(true);
  });

  test('callers that want the same layer share the work and the progress', async () => {
    const [first, second] = await Promise.all([pool.acquire(request('a')), pool.acquire(request('a'))]);
    expect(fetched).toEqual(['a']);
    expect(first.layer).toBe(second.layer);
    expect(phases.filter((phase) => phase === 'complete')).toHaveLength(2);
  });

  test('a layer that nobody commits goes when its last holder lets go', async () => {
    const [first, second] = await Promise.all([pool.acquire(request('a')), pool.acquire(request('a'))]);
    first.release();
    first.release();
    expect(layers.list()).toEqual(['1']);
    second.release();
    await pool.settle();
    expect(layers.list()).toEqual([]);
    expect(pool.isPinned('a')).toBe(false);
  });

  test('a committed layer stays, and is not fetched again', async () => {
    const held = await pool.acquire(request('a'));
    commit('i', [held]);
    held.release();
    const again = await pool.acquire(request('a'));
    expect(again.layer.name).toBe('1');
    expect(fetched).toEqual(['a']);
    expect(phases.at(-1)).toBe('already exists');
    again.release();
    await pool.settle();
    expect(layers.list()).toEqual(['1']);
  });

  test('holds layers that are here, also while others let go of them', async () => {
    const held = await pool.acquire(request('a'));
    commit('i', [held]);
    held.release();
    const release = pool.hold([held.layer]);
    pool.hold([held.layer])();
    pool.discard(stores.images.remove('i', [], pool.isPinned).layers);
    await pool.settle();
    expect(layers.list()).toEqual(['1']);
    release();
    await pool.settle();
    expect(layers.list()).toEqual([]);
  });

  test('a held layer outlives its image, and goes with its holder', async () => {
    const held = await pool.acquire(request('a'));
    commit('i', [held]);
    expect(stores.images.remove('i', [], pool.isPinned).layers).toEqual([]);
    held.release();
    await pool.settle();
    expect(layers.list()).toEqual([]);
    expect(stores.images.listLayers()).toEqual([]);
  });

  test('who gives up does not stop the others', async () => {
    let open: () => void = () => {};
    layers.gate = new Promise((resolve) => (open = resolve));
    const stop = new AbortController();
    const leaver = pool.acquire(request('a', { signal: stop.signal }));
    const stayer = pool.acquire(request('a'));
    stop.abort(new Error('gone'));
    await expect(leaver).rejects.toThrow('gone');
    open();
    expect((await stayer).layer.diffId).toBe('a');
  });

  test('when all give up the work stops, and the next caller starts anew', async () => {
    let open: () => void = () => {};
    layers.gate = new Promise((resolve) => (open = resolve));
    const stop = new AbortController();
    const leaver = pool.acquire(request('a', { signal: stop.signal }));
    stop.abort(new Error('gone'));
    await expect(leaver).rejects.toThrow('gone');
    const next = pool.acquire(request('a'));
    open();
    expect((await next).layer.name).toBe('1');
    await pool.settle();
    expect(layers.list()).toEqual(['1']);
    expect(layers.staged.size).toBe(0);
  });

  test('a failure reaches all callers, and the next one starts anew', async () => {
    const fetch = () => Promise.reject(new Error('broken'));
    const both = [pool.acquire(request('a', { fetch })), pool.acquire(request('a', { fetch }))];
    for (const attempt of both) await expect(attempt).rejects.toThrow('broken');
    expect((await pool.acquire(request('a'))).layer.diffId).toBe('a');
  });

  test('runs a bounded number of downloads', async () => {
    let running = 0;
    let most = 0;
    const fetch = async (diffId: string) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return `/blobs/${diffId}`;
    };
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map((id) => pool.acquire(request(id, { fetch: () => fetch(id) }))));
    expect(most).toBe(2);
  });

  test('adopts a blob that nobody knew, or the layer that is here already', async () => {
    const stage = () => layers.unpack({ blobPath: '/blobs/a', diffId: null, signal: never });
    const adopted = await pool.adopt(stage, never);
    expect(adopted.layer).toMatchObject({ name: '1', diffId: 'a' });
    const again = await pool.adopt(stage, never);
    expect(again.layer.name).toBe('1');
    expect(layers.staged.size).toBe(0);
    adopted.release();
    again.release();
    await pool.settle();
    expect(layers.list()).toEqual([]);
  });
});

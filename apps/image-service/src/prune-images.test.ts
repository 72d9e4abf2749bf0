import { beforeEach, describe, expect, test } from '@jest/globals';
import { familiarReference, parseReference, withDefaultTag } from '@berth/oci';
import { createMemoryStores, type MemoryStores } from './adapters/memory-stores.ts';
import { createPruneImages, type PruneImages } from './prune-images.ts';
import { createRemoveImage } from './remove-image.ts';

const { signal } = new AbortController();
const id = (letter: string): string => `sha256:${letter.repeat(64)}`;
const HOUR_MS = 3_600_000;
const NOW_MS = 1000 * HOUR_MS;

interface Fixture {
  readonly names?: readonly string[];
  readonly labels?: Record<string, string>;
  readonly createTimeMs?: number;
  readonly parentId?: string;
}

describe('pruneImages', () => {
  let stores: MemoryStores;
  let pruneImages: PruneImages;
  beforeEach(() => {
    stores = createMemoryStores({ nowMs: () => NOW_MS - 10 * HOUR_MS });
    const store = stores.images;
    const pool = { isPinned: () => false, discard: () => {} };
    const removeImage = createRemoveImage({ store, pool, leases: { endUnused: () => {} } });
    pruneImages = createPruneImages({ store, removeImage, nowMs: () => NOW_MS });
  });

  /** An image with a layer of 10 bytes of its own, and one of 100 that all share. */
  function add(letter: string, { names = [], labels = {}, createTimeMs = 0, parentId }: Fixture = {}): void {
    const layers = ['0', letter].map((each, index) => ({
      name: each,
      diffId: id(each),
      sizeBytes: index === 0 ? 100 : 10,
      root: null,
    }));
    const rootfs = { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) };
    const document = { os: 'linux', architecture: 'amd64', rootfs, config: { Labels: labels } };
    const config = Buffer.from(JSON.stringify(document));
    stores.images.commit({
      image: { id: id(letter), config, platform: 'linux/amd64', sizeBytes: 0, createTimeMs },
      layers,
      references: names.map((name) => withDefaultTag(parseReference(name))),
      events: [],
      isLeased: false,
      ...(parentId === undefined ? {} : { parentId }),
    });
  }

  const useBy = (letter: string) => stores.snapshots.insert({ key: letter, name: letter, imageId: id(letter) }, 1);

  /** The letters of the images that went; filters as a user writes them. */
  async function prune(all: boolean, ...texts: string[]): Promise<string> {
    const filters = texts.map((text) => ({
      key: text.split('=')[0] ?? '',
      value: text.slice(text.indexOf('=') + 1),
    }));
    const removed = await pruneImages({ all, filters }, signal);
    return removed
      .map(({ deleted }) => deleted[0]?.slice(7, 8))
      .sort()
      .join('');
  }

  test('removes what has no tag and no container, tells what went, and counts each layer once', async () => {
    add('a', { names: ['a'] });
    add('b', { names: [`b@${id('1')}`] });
    add('c');
    add('d');
    useBy('d');
    const removed = await pruneImages({ all: false, filters: [] }, signal);
    expect(removed).toHaveLength(2);
    expect(removed[0]).toMatchObject({ deleted: [id('b'), expect.any(String)], reclaimedBytes: 10 });
    expect(removed[0]?.untagged.map(familiarReference)).toEqual([`b@${id('1')}`]);
    expect(removed[1]).toMatchObject({ untagged: [], deleted: [id('c'), expect.any(String)] });
    expect(stores.prunes).toEqual([{ verb: 'prune', reclaimedBytes: 20 }]);
    expect(stores.events.map(({ verb }) => verb)).toEqual(['untag', 'delete', 'delete']);
  });

  test('removes all that no container has, with all their names, and the shared layer with the last of them', async () => {
    add('a', { names: ['a:1', 'a:2'] });
    add('b', { names: ['b'] });
    const removed = await pruneImages({ all: true, filters: [] }, signal);
    expect(removed.reduce((sum, { reclaimedBytes }) => sum + reclaimedBytes, 0)).toBe(120);
    expect(removed[0]?.untagged.map(familiarReference)).toEqual(['a:1', 'a:2']);
    expect(await prune(true)).toBe('');
  });

  test('what was committed on what goes with it; what is still needed keeps its names', async () => {
    add('a', { names: ['a'] });
    add('b', { parentId: id('a') });
    add('c', { names: ['c'], parentId: id('b') });
    useBy('c');
    expect(await prune(true)).toBe('');
    expect(stores.images.get(id('a'))?.references.map(familiarReference)).toEqual(['a:latest']);
    stores.snapshots.remove('c', 1);
    const removed = await pruneImages({ all: true, filters: [] }, signal);
    expect(removed.map(({ deleted }) => deleted.filter((digest) => /(.)\1{63}/.test(digest)))).toEqual([
      [id('c'), id('b')],
      [id('a'), id('0')],
    ]);
  });

  test('filters by time of creation, labels, tag and last use', async () => {
    add('a', { labels: { keep: '' } });
    add('b', { createTimeMs: NOW_MS });
    add('c', { names: ['c'] });
    expect(await prune(false, 'label=other')).toBe('');
    expect(await prune(false, 'label=keep', 'until=1h')).toBe('a');
    add('a', { labels: { keep: '' } });
    expect(await prune(false, 'label!=keep', 'until=1h')).toBe('');
    expect(await prune(false, 'unused-for=11h')).toBe('');
    expect(await prune(true, 'dangling=true', 'label!=keep')).toBe('b');
    expect(await prune(false, 'unused-for=9h', 'label!=keep')).toBe('c');
    add('c', { names: ['c'] });
    expect(await prune(false, 'dangling=false')).toBe('ac');
  });

  test('an abort ends it between two images', async () => {
    for (const letter of 'abc') add(letter);
    const stop = new AbortController();
    const pruning = pruneImages({ all: true, filters: [] }, stop.signal);
    stop.abort();
    expect(await pruning).toHaveLength(1);
    expect(stores.images.list()).toHaveLength(2);
  });

  test('refuses other filters, and to run twice at a time', async () => {
    await expect(prune(true, 'name=x')).rejects.toThrow("invalid filter 'name'");
    await expect(prune(true, 'until=1h', 'until=2h')).rejects.toThrow('more than one until filter specified');
    add('a');
    const first = prune(true);
    await expect(prune(true)).rejects.toMatchObject({
      reason: 'ABORTED',
      message: 'a prune operation is already running',
    });
    expect(await first).toBe('a');
  });
});

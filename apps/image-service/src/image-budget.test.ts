import { beforeEach, describe, expect, test } from '@jest/globals';
import { parseReference } from '@berth/oci';
import { createMemoryStores, type MemoryStores } from './adapters/memory-stores.ts';
import { BUDGET_GRACE_MS, createKeepBudget } from './image-budget.ts';
import { createRemoveImage } from './remove-image.ts';

const id = (letter: string): string => `sha256:${letter.repeat(64)}`;
const { signal } = new AbortController();
const NOW_MS = 1e12;

describe('keepBudget', () => {
  let stores: MemoryStores;
  let timeMs: number;
  let removed: [string, number][];
  beforeEach(() => {
    timeMs = NOW_MS - 2 * BUDGET_GRACE_MS;
    stores = createMemoryStores({ nowMs: () => timeMs });
    removed = [];
  });

  /** Adds images with a layer of 10 bytes of their own, each a second younger than the one before. */
  function add(letters: string, parentId: string | null = null): void {
    for (const letter of letters) {
      const rootfs = { type: 'layers', diff_ids: [id(letter)] };
      const config = Buffer.from(JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs }));
      stores.images.commit({
        image: { id: id(letter), config, platform: 'linux/amd64', sizeBytes: 10, createTimeMs: 0 },
        layers: [{ name: letter, diffId: id(letter), sizeBytes: 10, root: null }],
        references: [parseReference(`${letter}:1`)],
        events: [],
        isLeased: false,
        parentId,
      });
      timeMs += 1000;
    }
  }

  async function keep(maxBytes: number, stop = signal): Promise<string> {
    const store = stores.images;
    const pool = { isPinned: () => false, discard: () => {} };
    const keepBudget = createKeepBudget({
      store,
      removeImage: createRemoveImage({ store, pool, leases: { endUnused: () => {} } }),
      maxBytes,
      nowMs: () => NOW_MS,
      onRemoved: (imageId, bytes) => void removed.push([imageId.slice(7, 8), bytes]),
    });
    await keepBudget(stop);
    return store
      .list()
      .map((image) => image.id.slice(7, 8))
      .sort()
      .join('');
  }

  test('removes the images that were wanted longest ago until the rest fits, and tells which', async () => {
    add('abcd');
    stores.snapshots.insert({ key: 'k', name: '1', imageId: id('a') }, timeMs);
    stores.snapshots.remove('k', timeMs);
    expect(await keep(40)).toBe('abcd');
    expect(await keep(25)).toBe('ad');
    expect(removed).toEqual([
      ['b', 10],
      ['c', 10],
    ]);
  });

  test('never removes what a container has, what another was committed on, or what was wanted a moment ago', async () => {
    add('ab');
    stores.snapshots.insert({ key: 'k', name: '1', imageId: id('a') }, 0);
    add('c', id('b'));
    stores.snapshots.insert({ key: 'l', name: '2', imageId: id('c') }, 0);
    timeMs = NOW_MS;
    add('d');
    expect(await keep(1)).toBe('abcd');
  });

  test('an abort ends it between two images', async () => {
    add('abc');
    const stop = new AbortController();
    const keeping = keep(1, stop.signal);
    stop.abort();
    expect(await keeping).toBe('bc');
  });
});

import { describe, expect, test } from '@jest/globals';
import { createDurability } from './durability.ts';

describe('createDurability', () => {
  test('marks what was there when the sync began, and syncs again for what came later', async () => {
    const unsynced = new Set(['1']);
    let syncs = 0;
    const durability = createDurability({
      store: {
        listUnsynced: () => [...unsynced],
        markSynced: (names) => names.forEach((name) => unsynced.delete(name)),
      },
      layers: {
        sync() {
          if (++syncs === 1) unsynced.add('2');
          return Promise.resolve();
        },
      },
      onFailure: () => {},
    });
    durability.begin();
    durability.begin();
    await durability.settle();
    expect([unsynced.size, syncs]).toEqual([0, 2]);
    durability.begin();
    await durability.settle();
    expect(syncs).toBe(2);
  });

  test('leaves layers unmarked when the sync fails, and tries again the next time', async () => {
    const marked: string[] = [];
    const failures: string[] = [];
    let isBroken = true;
    const durability = createDurability({
      store: {
        listUnsynced: () => (marked.length > 0 ? [] : ['1']),
        markSynced: (names) => void marked.push(...names),
      },
      layers: { sync: () => (isBroken ? Promise.reject(new Error('io')) : Promise.resolve()) },
      onFailure: (what) => void failures.push(what),
    });
    durability.begin();
    await durability.settle();
    expect([marked, failures]).toEqual([[], ['sync']]);
    isBroken = false;
    durability.begin();
    await durability.settle();
    expect(marked).toEqual(['1']);
  });
});

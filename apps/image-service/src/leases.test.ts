import { expect, test, describe } from '@jest/globals';
import { createMemoryStores } from './adapters/memory-stores.ts';
import { createLeases } from './leases.ts';

function setUp(left: readonly string[] = []) {
  const stores = createMemoryStores();
  const list = stores.leases;
  for (const lease of left) list.add(lease);
  const ended: string[] = [];
  const discarded: string[] = [];
  const sole: string[] = [];
  const kept: string[][] = [];
  const failures: string[] = [];
  let isAway = false;
  let held = Promise.resolve();
  const content = {
    async setLease(lease: string, digests: readonly string[], { adds = false, discards = false } = {}) {
      await held;
      if (isAway) throw new Error('away');
      if (adds) return sole;
      if (digests.length > 0) {
        kept.push([lease, ...digests]);
        return digests;
      }
      ended.push(lease);
      if (discards) discarded.push(lease);
      return [];
    },
  };
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    held = promise;
    return resolve;
  };
  const leases = createLeases({ list, content, onFailure: (lease) => void failures.push(lease) });
  return {
    stores,
    list,
    ended,
    discarded,
    sole,
    kept,
    failures,
    leases,
    hold,
    setAway: (value: boolean) => (isAway = value),
  };
}

describe('createLeases', () => {
  test('a lease is on the list before it is taken, and ends with its work', async () => {
    const { list, ended, leases } = setUp();
    await leases.begin('import:1');
    expect(list.list()).toEqual(['import:1']);
    leases.endUnused();
    await leases.settle();
    expect(ended).toEqual([]);
    leases.end('import:1');
    await leases.settle();
    expect(ended).toEqual(['import:1']);
    expect(list.list()).toEqual([]);
  });

  test('a lease that an image has taken over does not end', async () => {
    const { list, ended, leases } = setUp();
    await leases.begin('image:a');
    list.remove('image:a');
    leases.end('image:a');
    await leases.settle();
    expect(ended).toEqual([]);
  });

  test('a lease that two have taken ends with the second', async () => {
    const { ended, leases } = setUp();
    await leases.begin('image:a');
    await leases.begin('image:a');
    leases.end('image:a');
    await leases.settle();
    expect(ended).toEqual([]);
    leases.end('image:a');
    await leases.settle();
    expect(ended).toEqual(['image:a']);
  });

  test('a lease whose end is on its way is taken after it, and is on the list then', async () => {
    const { list, leases, hold } = setUp();
    const release = hold();
    list.add('image:a');
    leases.endUnused();
    await new Promise(setImmediate);
    let isTaken = false;
    const taking = leases.begin('image:a').then(() => (isTaken = true));
    await new Promise(setImmediate);
    expect(isTaken).toBe(false);
    release();
    await taking;
    expect(list.list()).toEqual(['image:a']);
  });

  test('a lease that an image takes over while its end waits for another one does not end', async () => {
    const { list, ended, leases, hold } = setUp();
    const release = hold();
    list.add('image:a');
    list.add('image:b');
    leases.endUnused();
    await new Promise(setImmediate);
    await leases.begin('image:b');
    list.remove('image:b');
    leases.end('image:b');
    release();
    await leases.settle();
    expect(ended).toEqual(['image:a']);
  });

  test('content goes with its lease, but for that of work which goes on another time', async () => {
    const { list, ended, discarded, leases } = setUp(['image:left']);
    for (const lease of ['image:broken', 'image:shared', 'image:shared', 'import:1']) await leases.begin(lease);
    leases.end('image:broken', true);
    leases.end('image:shared', true);
    leases.end('image:shared');
    leases.end('import:1');
    await leases.settle();
    expect(ended.sort()).toEqual(['image:broken', 'image:left', 'image:shared', 'import:1']);
    expect(discarded.sort()).toEqual(['image:shared', 'import:1']);
    list.add('image:broken');
    leases.endUnused();
    await leases.settle();
    expect(discarded).toContain('image:broken');
  });

  test('what a layer of another image came as stays, until the layer goes', async () => {
    const { stores, list, ended, sole, kept, leases } = setUp();
    const layer = { name: '1', diffId: 'sha256:d', sizeBytes: 1, root: null };
    const image = { id: 'sha256:b', config: Buffer.from('{}'), platform: '', sizeBytes: 1, createTimeMs: 0 };
    const blobs = [{ diffId: layer.diffId, digest: 'sha256:came', mediaType: '', size: 1, repository: null }];
    stores.images.commit({ image, layers: [layer], references: [], events: [], isLeased: false, blobs });
    sole.push('sha256:own', 'sha256:came');
    list.add('image:a');
    leases.endUnused();
    await leases.settle();
    expect([kept, ended, list.list()]).toEqual([[['image:a', 'sha256:came']], [], ['image:a']]);
    stores.images.remove(image.id, [], () => false);
    leases.endUnused();
    await leases.settle();
    expect([ended, list.list()]).toEqual([['image:a'], []]);
  });

  test('what a crash or a service that is away left on the list ends later', async () => {
    const { list, ended, failures, leases, setAway } = setUp();
    list.add('image:old');
    setAway(true);
    leases.endUnused();
    await leases.settle();
    expect(failures).toEqual(['image:old']);
    setAway(false);
    leases.endUnused();
    await leases.settle();
    expect(ended).toEqual(['image:old']);
    expect(list.list()).toEqual([]);
  });
});

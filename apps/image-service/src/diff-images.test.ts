import { expect, test } from '@jest/globals';
import { parseReference } from '@berth/oci';
import { createMemoryLayerStore } from './adapters/memory-directories.ts';
import { createMemoryStores } from './adapters/memory-stores.ts';
import { createDiffImages } from './diff-images.ts';

const { signal } = new AbortController();

test('compares the layers of two images, and holds them meanwhile', async () => {
  const { images } = createMemoryStores();
  const layers = createMemoryLayerStore((path) => path);
  const held: string[] = [];
  const hold = (stack: readonly { name: string }[]) => {
    held.push(`hold ${stack.map(({ name }) => name).join()}`);
    return () => void held.push('release');
  };
  const diffImages = createDiffImages({ store: images, layers, pool: { hold } });
  for (const [name, stack] of Object.entries({ a: '12', b: '13' })) {
    images.commit({
      image: { id: name, config: Buffer.from('{}'), platform: 'linux/amd64', sizeBytes: 0, createTimeMs: 0 },
      layers: [...stack].map((each) => ({ name: each, diffId: each, sizeBytes: 0, root: null })),
      references: [parseReference(`${name}:latest`)],
      events: [],
      isLeased: false,
    });
  }
  expect(await diffImages('a', 'b', signal)).toEqual([
    { path: '/2', kind: 'deleted' },
    { path: '/3', kind: 'added' },
  ]);
  expect(held).toEqual(['hold 1,2', 'hold 1,3', 'release', 'release']);
  await expect(diffImages('a', 'nope', signal)).rejects.toThrow('No such image: nope:latest');
});

import { expect, test } from '@jest/globals';
import { parseReference } from '@berth/oci';
import { createMemoryStores } from './adapters/memory-stores.ts';
import { createMeasureImages } from './measure-images.ts';

const { images, snapshots } = createMemoryStores();
const measureImages = createMeasureImages(images);

/** An image of layers that are named by digits; layer n has 10^n bytes. */
function add(id: string, layers: string, { names = [id], parentId = null as string | null } = {}): void {
  const stack = [...layers].map((name) => ({ name, diffId: name, sizeBytes: 10 ** Number(name), root: null }));
  const sizeBytes = stack.reduce((sum, layer) => sum + layer.sizeBytes, 0);
  images.commit({
    image: { id, config: Buffer.from('{}'), platform: 'linux/amd64', sizeBytes, createTimeMs: 0 },
    layers: stack,
    references: names.map(parseReference),
    events: [],
    isLeased: false,
    parentId,
  });
}

test('what images share and have alone adds up, and so does what can go', () => {
  expect(measureImages()).toEqual({ usages: [], layersBytes: 0, reclaimableBytes: 0 });
  add('a', '01');
  add('b', '02');
  add('c', '3');
  add('step', '4', { names: [] });
  add('d', '45', { parentId: 'step' });
  add('hidden', '6');
  snapshots.insert({ key: 'k', name: '1', imageId: 'b' }, 0);
  snapshots.insert({ key: 'l', name: '2', imageId: 'hidden' }, 0);
  images.remove('hidden', [], () => false);
  const { usages, layersBytes, reclaimableBytes } = measureImages();
  expect(usages.map(({ image, sharedBytes, uniqueBytes }) => [image.id, sharedBytes, uniqueBytes])).toEqual([
    ['a', 1, 10],
    ['b', 1, 100],
    ['c', 0, 1000],
    ['d', 10_000, 100_000],
  ]);
  expect(layersBytes).toBe(1_111_111);
  expect(reclaimableBytes).toBe(111_010);
});

import { beforeEach, describe, expect, test } from '@jest/globals';
import { parseReference } from '@berth/oci';
import { createMemoryStores, type MemoryStores } from './adapters/memory-stores.ts';
import { createImageHistory, type ImageHistory } from './image-history.ts';

const id = (hex: string): string => `sha256:${hex.padEnd(64, '0')}`;
const STEPS = [
  { created: '2026-01-02T03:04:05.5Z', created_by: 'ADD rootfs', comment: 'c' },
  { created_by: 'ENV A=b', empty_layer: true },
  { created: 'nonsense', created_by: 'RUN x' },
];

describe('imageHistory', () => {
  let stores: MemoryStores;
  let imageHistory: ImageHistory;
  beforeEach(() => {
    stores = createMemoryStores();
    imageHistory = createImageHistory(stores.images);
  });

  /** An image of which layer n has n bytes. */
  function add(hex: string, { steps = STEPS as object[], layers = 2, parentId = null as string | null } = {}): void {
    const diffIds = Array.from({ length: layers }, (_, index) => id(`d${index + 1}`));
    const document = {
      os: 'linux',
      architecture: 'amd64',
      rootfs: { type: 'layers', diff_ids: diffIds },
      history: steps,
    };
    const config = Buffer.from(JSON.stringify(document));
    stores.images.commit({
      image: { id: id(hex), config, platform: 'linux/amd64', sizeBytes: 0, createTimeMs: 0 },
      layers: diffIds.map((diffId, index) => ({ name: String(index), diffId, sizeBytes: index + 1, root: null })),
      references: [`${hex}:1`, `${hex}@${id('1')}`].map(parseReference),
      events: [],
      isLeased: false,
      parentId,
    });
  }

  test('tells the steps newest first, each with the size of the layer that it made', () => {
    add('a');
    expect(imageHistory('a:1', '')).toEqual([
      {
        imageId: id('a'),
        tags: [parseReference('a:1')],
        createTimeMs: null,
        createdBy: 'RUN x',
        sizeBytes: 2,
        comment: '',
      },
      { imageId: null, tags: [], createTimeMs: null, createdBy: 'ENV A=b', sizeBytes: 0, comment: '' },
      { imageId: null, tags: [], createTimeMs: 1_767_323_045_500, createdBy: 'ADD rootfs', sizeBytes: 1, comment: 'c' },
    ]);
  });

  test('names the images that it was committed on, while they are here', () => {
    add('a');
    add('b', { steps: [...STEPS, { created_by: 'sh' }], layers: 3, parentId: id('a') });
    expect(imageHistory('b:1', '').map(({ imageId, sizeBytes }) => [imageId, sizeBytes])).toEqual([
      [id('b'), 3],
      [id('a'), 2],
      [null, 0],
      [null, 1],
    ]);
    stores.images.remove(id('a'), [], () => false);
    expect(imageHistory('b:1', '').map(({ imageId }) => imageId)).toEqual([id('b'), null, null, null]);
  });

  test('shows the steps of an image whose history promises more layers than there are', () => {
    add('a', { layers: 1 });
    expect(imageHistory('a:1', '').map(({ sizeBytes }) => sizeBytes)).toEqual([0, 0, 1]);
    expect(() => imageHistory('nope', '')).toThrow('No such image: nope:latest');
  });

  test('refuses an image of another platform', () => {
    add('a');
    expect(imageHistory('a:1', 'linux/amd64')).toHaveLength(3);
    expect(() => imageHistory('a:1', 'linux/s390x')).toThrow('wanted linux/s390x, actual: linux/amd64');
  });
});

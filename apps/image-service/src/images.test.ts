import { beforeEach, describe, expect, test } from '@jest/globals';
import { parseReference } from '@berth/oci';
import { createMemoryStores, type MemoryStores } from './adapters/memory-stores.ts';
import { createImages, type Images } from './images.ts';

const id = (hex: string): string => `sha256:${hex.padEnd(64, '0')}`;

describe('images', () => {
  let stores: MemoryStores;
  let images: Images;
  beforeEach(() => {
    stores = createMemoryStores();
    images = createImages(stores.images, '/layers');
    const names = { a: ['app:1', 'app:2', 'user/app:1'], b: ['app:3'], c: [] };
    for (const [hex, references] of Object.entries(names)) {
      stores.images.commit({
        image: { id: id(hex), config: Buffer.from('{}'), platform: 'linux/amd64', sizeBytes: 0, createTimeMs: 0 },
        layers: [],
        references: references.map(parseReference),
        events: [],
        isLeased: false,
      });
    }
  });

  test('gives a further name, latest by default, and tells', () => {
    images.tag('app:1', 'localhost:5000/copy');
    expect(images.get('localhost:5000/copy:latest').id).toBe(id('a'));
    images.tag(id('b'), 'app:1');
    expect(images.get('app:1').id).toBe(id('b'));
    expect(stores.events).toEqual([
      { verb: 'tag', objectId: id('a'), name: 'localhost:5000/copy:latest' },
      { verb: 'tag', objectId: id('b'), name: 'app:1' },
    ]);
  });

  test('tells where the layers of an image lie, uppermost first', () => {
    stores.images.commit({
      image: { id: id('d'), config: Buffer.from('{}'), platform: 'linux/amd64', sizeBytes: 0, createTimeMs: 0 },
      layers: ['1', '2', '1'].map((name) => ({ name, diffId: id(`e${name}`), sizeBytes: 0, root: null })),
      references: [],
      events: [],
      isLeased: false,
    });
    expect(images.layerDirs(id('d'))).toEqual(['/layers/1', '/layers/2']);
  });

  test('an image for another platform than the one that is asked for is not there', () => {
    expect(images.get('app:1', 'linux/amd64').id).toBe(id('a'));
    expect(() => images.get('app:1', 'linux/arm64')).toThrow(
      'image with reference app:1 was found but does not match the specified platform: wanted linux/arm64, actual: linux/amd64',
    );
    expect(() => images.get('app:1', 'linux/what/ever/else')).toThrow();
  });

  test('refuses to tag what is not there, and names with a digest', () => {
    expect(() => images.tag('nope', 'x')).toThrow('No such image: nope:latest');
    expect(() => images.tag('app:1', `x@${id('1')}`)).toThrow('refusing to create a tag with a digest reference');
    expect(() => images.tag('app:1', id('1'))).toThrow('refusing to create an ambiguous tag');
    expect(() => images.tag('app:1', 'UPPER')).toThrow('must be lowercase');
  });
});

import { beforeEach, describe, expect, test } from '@jest/globals';
import { parseReference } from '@berth/oci';
import { createMemoryStores, type MemoryStores } from './adapters/memory-stores.ts';
import { lookUpImage } from './lookup.ts';

const id = (hex: string): string => `sha256:${hex.padEnd(64, '0')}`;

describe('lookUpImage', () => {
  let stores: MemoryStores;
  beforeEach(() => {
    stores = createMemoryStores();
    const names = { abc1: ['busybox:latest', `busybox@${id('e')}`], abc2: ['localhost:5000/app:v1'], f00: ['abc2'] };
    for (const [hex, references] of Object.entries(names)) {
      stores.images.commit({
        image: { id: id(hex), config: Buffer.from('{}'), platform: 'linux/amd64', sizeBytes: 0, createTimeMs: 0 },
        layers: [],
        references: references.map((name) => parseReference(name.includes(':') ? name : `${name}:latest`)),
        events: [],
        isLeased: false,
      });
    }
  });

  test.each([
    ['busybox', 'abc1'],
    ['busybox:latest', 'abc1'],
    ['docker.io/library/busybox', 'abc1'],
    [`busybox@${id('e')}`, 'abc1'],
    [`busybox:whatever@${id('e')}`, 'abc1'],
    ['localhost:5000/app:v1', 'abc2'],
    [id('abc1'), 'abc1'],
    [id('abc1').slice(7), 'abc1'],
    ['abc1', 'abc1'],
    ['sha256:abc1', 'abc1'],
    ['f', 'f00'],
    // A name goes before the prefix of an id.
    ['abc2', 'f00'],
  ])('finds %s', (name, hex) => expect(lookUpImage(stores.images, name).id).toBe(id(hex)));

  test.each([
    ['nope', 'IMAGE_NOT_FOUND', 'No such image: nope:latest'],
    ['busybox:2', 'IMAGE_NOT_FOUND', 'No such image: busybox:2'],
    ['localhost:5000/app', 'IMAGE_NOT_FOUND', 'No such image: localhost:5000/app:latest'],
    [id('9'), 'IMAGE_NOT_FOUND', `No such image: ${id('9')}`],
    ['abc', 'IMAGE_AMBIGUOUS', 'multiple IDs found with provided prefix: abc'],
    ['', 'REFERENCE_INVALID', 'invalid reference format'],
    ['a b', 'REFERENCE_INVALID', 'invalid reference format'],
  ])('does not find %j', (name, reason, message) => {
    expect(() => lookUpImage(stores.images, name)).toThrow(expect.objectContaining({ reason, message }));
  });
});

import { beforeEach, describe, expect, test } from '@jest/globals';
import { formatReference, parseReference, sha256Digest, withDefaultTag } from '@berth/oci';
import { createMemoryStores, type MemoryStores } from './adapters/memory-stores.ts';
import { createDeleteImage, type DeleteRequest } from './delete-image.ts';
import type { Layer } from './image.ts';
import { createRemoveImage } from './remove-image.ts';

const LAYERS: Layer[] = ['1', '2'].map((name) => ({
  name,
  diffId: `sha256:${name.repeat(64)}`,
  sizeBytes: 1,
  root: null,
}));
const CONTAINER = 'c0ffee'.padEnd(64, '0');

describe('deleteImage', () => {
  let stores: MemoryStores;
  let discarded: string[];
  beforeEach(() => {
    stores = createMemoryStores();
    discarded = [];
  });

  /** Adds an image and returns its id. */
  function addImage(label: string, names: readonly string[], parentId: string | null = null): string {
    const config = Buffer.from(
      JSON.stringify({
        architecture: 'amd64',
        os: 'linux',
        author: label,
        rootfs: { type: 'layers', diff_ids: LAYERS.map(({ diffId }) => diffId) },
      }),
    );
    const id = sha256Digest(config);
    stores.images.commit({
      image: { id, config, platform: 'linux/amd64', sizeBytes: 2, createTimeMs: null },
      layers: LAYERS,
      references: names.map((name) => withDefaultTag(parseReference(name))),
      events: [],
      isLeased: false,
      parentId,
    });
    return id;
  }

  function remove(name: string, options: Partial<DeleteRequest> = {}) {
    const pool = {
      isPinned: () => false,
      discard: (layers: readonly Layer[]) => void discarded.push(...layers.map((layer) => layer.name)),
    };
    const removeImage = createRemoveImage({ store: stores.images, pool, leases: { endUnused: () => {} } });
    const deleteImage = createDeleteImage({ store: stores.images, removeImage });
    const defaults = { force: false, runningContainerIds: [], noPrune: false, platforms: [] };
    const result = deleteImage({ name, ...defaults, ...options });
    return { untagged: result.untagged.map(formatReference), deleted: result.deleted };
  }

  const useBy = (imageId: string): void => stores.snapshots.insert({ key: CONTAINER, name: '1', imageId }, 1);
  const digestName = (repository: string): string => `${repository}@sha256:${'e'.repeat(64)}`;
  const [lower, upper] = LAYERS.map(({ diffId }) => diffId) as [string, string];
  const chain = sha256Digest(Buffer.from(`${lower} ${upper}`));

  test('leaves an image that is for another platform than those that are named', () => {
    const id = addImage('a', ['busybox:latest']);
    expect(() => remove('busybox', { platforms: ['linux/s390x'], force: true })).toThrow('wanted linux/s390x');
    expect(stores.images.get(id)).not.toBeNull();
    expect(remove('busybox', { platforms: ['linux/amd64'] }).deleted).toContain(id);
  });

  test('removes the last name, those by digest with it, then the image and its layers', () => {
    const id = addImage('a', ['busybox:latest', digestName('busybox')]);
    expect(remove('busybox')).toEqual({
      untagged: ['docker.io/library/busybox:latest', digestName('docker.io/library/busybox')],
      deleted: [id, chain, lower],
    });
    expect(discarded.sort()).toEqual(['1', '2']);
    expect(stores.events.map(({ verb, objectId }) => [verb, objectId])).toEqual([
      ['untag', id],
      ['untag', id],
      ['delete', id],
    ]);
  });

  test('removes only the name while the image has others', () => {
    const id = addImage('a', ['a:1', 'a:2', digestName('a')]);
    expect(remove('a:1')).toEqual({ untagged: ['docker.io/library/a:1'], deleted: [] });
    expect(stores.images.get(id)?.references).toHaveLength(2);
  });

  test('takes the names by digest of the repository whose last tag goes', () => {
    addImage('a', ['a:1', digestName('a'), 'b:1']);
    expect(remove('a:1')).toEqual({
      untagged: ['docker.io/library/a:1', digestName('docker.io/library/a')],
      deleted: [],
    });
  });

  test('keeps layers that another image has', () => {
    const first = addImage('a', ['a']);
    addImage('b', ['b']);
    expect(remove('a').deleted).toEqual([first]);
    expect(discarded).toEqual([]);
  });

  test('removes by id, or by the beginning of one', () => {
    const id = addImage('a', ['a:1', digestName('a')]);
    expect(remove(id.slice('sha256:'.length, 20))).toMatchObject({ deleted: [id, chain, lower] });
    expect(() => remove(id)).toThrow(`No such image: ${id}`);
  });

  test('refuses an id with names in several repositories unless forced', () => {
    const id = addImage('a', ['a:1', 'b:1']);
    const short = id.slice(7, 19);
    expect(() => remove(id)).toThrow(
      `conflict: unable to delete ${short} (must be forced) - image is referenced in multiple repositories`,
    );
    expect(remove(id, { force: true })).toEqual({
      untagged: ['docker.io/library/a:1', 'docker.io/library/b:1'],
      deleted: [id, chain, lower],
    });
  });

  test('refuses the last name of an image that a container uses, unless forced', () => {
    const id = addImage('a', ['a:1']);
    useBy(id);
    expect(() => remove('a:1')).toThrow(
      `conflict: unable to remove repository reference "a:1" (must force) - container c0ffee000000 is using its ` +
        `referenced image ${id.slice(7, 19)}`,
    );
    expect(remove('a:1', { force: true })).toEqual({ untagged: ['docker.io/library/a:1'], deleted: [id] });
    expect(stores.images.get(id)).toBeNull();
    expect(stores.images.layersOf(id)).toEqual(LAYERS);
  });

  test('refuses the id of an image that a stopped container uses, unless forced', () => {
    const id = addImage('a', ['a:1']);
    useBy(id);
    expect(() => remove(id)).toThrow(
      `conflict: unable to delete ${id.slice(7, 19)} (must be forced) - image is being used by stopped container c0ffee000000`,
    );
    expect(remove(id, { force: true }).deleted).toEqual([id]);
  });

  test('never removes the image of a running container: by id it refuses, by name it only takes the name', () => {
    const id = addImage('a', ['a:1']);
    useBy(id);
    const running = { force: true, runningContainerIds: [CONTAINER] };
    expect(() => remove(id, running)).toThrow(
      `conflict: unable to delete ${id.slice(7, 19)} (cannot be forced) - image is being used by running container c0ffee000000`,
    );
    expect(remove('a:1', running)).toEqual({ untagged: ['docker.io/library/a:1'], deleted: [] });
    expect(stores.images.get(id)?.references).toEqual([]);
  });

  test('a name that looks like an id is a name', () => {
    const id = addImage('a', ['abc', 'other']);
    expect(remove('abc')).toEqual({ untagged: ['docker.io/library/abc:latest'], deleted: [] });
    expect(stores.images.get(id)?.references).toHaveLength(1);
  });

  test('never removes by its id what another image was committed on; its name alone goes', () => {
    const id = addImage('a', ['a:1']);
    addImage('b', ['b:1'], id);
    for (const force of [false, true]) {
      expect(() => remove(id, { force })).toThrow(
        `conflict: unable to delete ${id.slice(7, 19)} (cannot be forced) - image has dependent child images`,
      );
    }
    expect(remove('a:1')).toEqual({ untagged: ['docker.io/library/a:1'], deleted: [] });
    expect(() => remove(id)).toThrow('image has dependent child images');
  });

  test('takes the nameless images that it was committed on with it, unless something needs them or they shall stay', () => {
    const build = (): string[] => {
      const ids = [addImage('a', ['a:1'])];
      for (const label of ['b', 'c', 'd']) ids.push(addImage(label, [], ids.at(-1)));
      return ids;
    };
    const [, b, c, d] = build() as [string, string, string, string];
    expect(remove(d, { noPrune: true }).deleted).toEqual([d]);
    expect(remove(c).deleted).toEqual([c, b]);
    build();
    useBy(b);
    expect(remove(d).deleted).toEqual([d, c]);
    expect(stores.images.get(b)).not.toBeNull();
  });
});

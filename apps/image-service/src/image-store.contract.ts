import { describe, expect, test } from '@jest/globals';
import { parseReference } from '@berth/oci';
import type { Layer } from './image.ts';
import type { ImageCommit, ImageEvent, ImageStore, LeaseList, PruneEvent, SnapshotStore } from './ports.ts';

/** What the contract runs on: the stores of one service, empty. */
export interface StoresUnderTest {
  readonly images: ImageStore;
  readonly snapshots: SnapshotStore;
  readonly leases: LeaseList;
  readonly events: () => ImageEvent[];
  readonly prunes: () => PruneEvent[];
  readonly close: () => void;
}

/** What the stores under test take for now, in Unix milliseconds. */
export const CONTRACT_TIME_MS = 1_700_000_000_000;

const id = (hex: string): string => `sha256:${hex.padEnd(64, '0')}`;
const layer = (name: string): Layer => ({ name, diffId: id(`d${name}`), sizeBytes: 10, root: null });
const unpinned = (): boolean => false;

function commitOf(imageId: string, names: readonly string[], fields: Partial<ImageCommit> = {}): ImageCommit {
  const config = new Uint8Array([1, 2, 3]);
  return {
    image: { id: imageId, config, platform: 'linux/amd64', sizeBytes: 10, createTimeMs: 1000 },
    layers: [layer('1')],
    references: names.map(parseReference),
    events: [],
    isLeased: false,
    ...fields,
  };
}

/** The contract of ImageStore, SnapshotStore and LeaseList. */
export function imageStoreContract(name: string, open: () => StoresUnderTest): void {
  describe(`ImageStore: ${name}`, () => {
    function using(run: (stores: StoresUnderTest) => void): () => void {
      return () => {
        const stores = open();
        try {
          run(stores);
        } finally {
          stores.close();
        }
      };
    }

    test(
      'knows the archive of a layer until the layer goes; one that a registry has counts more',
      using(({ images }) => {
        const own = { diffId: layer('1').diffId, digest: id('b1'), mediaType: 'm', size: 2 ** 40, repository: null };
        const remote = { ...own, digest: id('b2'), repository: 'docker.io/library/a' };
        expect(images.findBlob(own.diffId)).toBeNull();
        images.commit(commitOf(id('a'), [], { blobs: [own] }));
        expect(images.findBlob(own.diffId)).toEqual(own);
        images.commit(commitOf(id('a'), [], { blobs: [remote] }));
        images.commit(commitOf(id('a'), [], { blobs: [own] }));
        expect(images.findBlob(own.diffId)).toEqual(remote);
        images.remove(id('a'), [], unpinned);
        expect(images.findBlob(own.diffId)).toBeNull();
      }),
    );

    test(
      'keeps the archive that was made of a layer by a lease, which ends with the layer',
      using(({ images, leases }) => {
        const blob = { diffId: layer('1').diffId, digest: id('b1'), mediaType: 'm', size: 5, repository: null };
        images.commit(commitOf(id('a'), [], { blobs: [{ ...blob, digest: id('b0') }] }));
        leases.add(`layer:${blob.diffId}`);
        images.keepBlob(blob);
        leases.add(`layer:${blob.diffId}`);
        expect(leases.list()).toEqual([]);
        expect(images.findBlob(blob.diffId)).toEqual(blob);
        expect([leases.isNeeded(blob.digest), leases.isNeeded(id('b0'))]).toEqual([true, false]);
        images.remove(id('a'), [], unpinned);
        expect(leases.isNeeded(blob.digest)).toBe(false);
        expect(leases.list()).toEqual([`layer:${blob.diffId}`]);
      }),
    );

    test(
      'knows the manifest that an image came with, the last one that a registry has',
      using(({ images }) => {
        const own = { digest: id('m1'), mediaType: 'm', size: 5, repository: null };
        const remote = { ...own, digest: id('m2'), repository: 'docker.io/library/a' };
        expect(images.findManifest(id('a'))).toBeNull();
        images.commit(commitOf(id('a'), [], { manifest: own }));
        expect(images.findManifest(id('a'))).toEqual(own);
        images.commit(commitOf(id('a'), [], { manifest: remote }));
        images.commit(commitOf(id('a'), [], { manifest: own }));
        images.commit(commitOf(id('a'), []));
        expect(images.findManifest(id('a'))).toEqual(remote);
        images.remove(id('a'), [], unpinned);
        expect(images.findManifest(id('a'))).toBeNull();
      }),
    );

    test(
      'records a push: names by digest, where the archives are, and the event, which also an image that is gone has',
      using(({ images, events }) => {
        const event: ImageEvent = { verb: 'push', objectId: 'busybox:latest', name: 'busybox' };
        const reference = parseReference(`busybox@${id('e')}`);
        const blob = { diffId: layer('1').diffId, digest: id('b1'), mediaType: 'm', size: 5, repository: 'r.test/a' };
        images.commit(commitOf(id('a'), ['busybox:latest']));
        const push = { imageId: id('a'), references: [reference], blobs: [blob], events: [event] };
        images.recordPush(push);
        expect(images.get(id('a'))?.references).toContainEqual(reference);
        expect(images.findBlob(blob.diffId)).toEqual(blob);
        images.remove(id('a'), [], unpinned);
        images.recordPush(push);
        expect(images.list()).toEqual([]);
        expect(events()).toEqual([event, event]);
      }),
    );

    test(
      'gives back what was committed, names with a tag first, and records the events',
      using(({ images, events }) => {
        const event: ImageEvent = { verb: 'pull', objectId: 'busybox:latest', name: 'busybox' };
        const digest = `busybox@${id('e')}`;
        images.commit(commitOf(id('a'), [digest, 'busybox:latest', 'z.io/busybox'], { events: [event] }));
        const record = images.get(id('a'));
        expect(record).toMatchObject({ id: id('a'), platform: 'linux/amd64', snapshotKeys: [], lastUsedTimeMs: null });
        expect([...(record?.config ?? [])]).toEqual([1, 2, 3]);
        expect(record?.references).toEqual(['busybox:latest', 'z.io/busybox', digest].map(parseReference));
        expect(images.layersOf(id('a'))).toEqual([layer('1')]);
        expect(events()).toEqual([event]);
        expect(images.get(id('b'))).toBeNull();
      }),
    );

    test(
      'notes when an image came, and when it last got a tag',
      using(({ images }) => {
        images.commit(commitOf(id('a'), [`busybox@${id('e')}`]));
        expect(images.get(id('a'))).toMatchObject({ addTimeMs: CONTRACT_TIME_MS, tagTimeMs: null });
        images.addReference(id('a'), parseReference('busybox:1'), []);
        expect(images.get(id('a'))?.tagTimeMs).toBe(CONTRACT_TIME_MS);
        images.commit(commitOf(id('b'), ['busybox:2']));
        expect(images.list().map(({ tagTimeMs }) => tagTimeMs)).toEqual([CONTRACT_TIME_MS, CONTRACT_TIME_MS]);
      }),
    );

    test(
      'knows what was committed on what, as long as both are here',
      using(({ images, snapshots }) => {
        const relatives = () => images.list().map(({ parentId, hasChildren }) => [parentId, hasChildren]);
        images.commit(commitOf(id('a'), ['a']));
        images.commit(commitOf(id('b'), ['b'], { parentId: id('a') }));
        const both = [
          [null, true],
          [id('a'), false],
        ];
        expect(relatives()).toEqual(both);
        images.commit(commitOf(id('b'), ['b']));
        expect(relatives()).toEqual(both);
        expect(images.get(id('b'))).toMatchObject({ parentId: id('a'), hasChildren: false });
        snapshots.insert({ key: 'k', name: '1', imageId: id('b') }, 1);
        images.remove(id('b'), [], unpinned);
        expect(images.get(id('a'))?.hasChildren).toBe(false);
        images.commit(commitOf(id('b'), ['b']));
        images.remove(id('a'), [], unpinned);
        expect(relatives()).toEqual([[null, false]]);
      }),
    );

    test(
      'moves a name from one image to another',
      using(({ images }) => {
        images.commit(commitOf(id('a'), ['busybox:1']));
        images.commit(commitOf(id('b'), ['busybox:1']));
        expect(images.findByReference(parseReference('busybox:1'))).toBe(id('b'));
        expect(images.get(id('a'))?.references).toEqual([]);
        images.addReference(id('a'), parseReference('busybox:1'), []);
        expect(images.findByReference(parseReference('busybox:1'))).toBe(id('a'));
        expect(images.findByReference(parseReference('busybox:2'))).toBeNull();
      }),
    );

    test(
      'finds images by a prefix of their id, two at most',
      using(({ images }) => {
        for (const hex of ['aa1', 'aa2', 'aa3', 'ab']) images.commit(commitOf(id(hex), []));
        expect(images.findByPrefix('ab')).toEqual([id('ab')]);
        expect(images.findByPrefix('aa')).toHaveLength(2);
        expect(images.findByPrefix('f')).toEqual([]);
        expect(images.findByPrefix('aa1'.padEnd(64, '0'))).toEqual([id('aa1')]);
      }),
    );

    test(
      'lists the newest image first, and those without a time last',
      using(({ images }) => {
        const times = { a: 5, b: null, c: 9 };
        for (const [hex, createTimeMs] of Object.entries(times)) {
          const commit = commitOf(id(hex), []);
          images.commit({ ...commit, image: { ...commit.image, createTimeMs } });
        }
        expect(images.list().map((image) => image.id)).toEqual([id('c'), id('a'), id('b')]);
        const withoutConfigs = images.list().map((image) => ({ ...image, config: new Uint8Array() }));
        expect(images.list({ omitConfigs: true })).toEqual(withoutConfigs);
      }),
    );

    test(
      'removes layers with the last image that has them, unless they are pinned',
      using(({ images, events }) => {
        images.commit(commitOf(id('a'), ['a'], { layers: [layer('1'), layer('2'), layer('1')] }));
        images.commit(commitOf(id('b'), ['b'], { layers: [layer('1'), layer('3')] }));
        const event: ImageEvent = { verb: 'delete', objectId: id('a'), name: id('a') };
        expect(images.remove(id('a'), [event], unpinned).layers).toEqual([layer('2')]);
        expect(events()).toEqual([event]);
        expect(images.findByReference(parseReference('a'))).toBeNull();
        const isPinned = (diffId: string) => diffId === layer('3').diffId;
        expect(images.remove(id('b'), [], isPinned).layers).toEqual([layer('1')]);
        expect(images.listLayers()).toEqual([layer('3')]);
        expect(images.measureLayers()).toBe(10);
        expect(images.collect(unpinned).layers).toEqual([layer('3')]);
        expect(images.collect(unpinned).layers).toEqual([]);
        expect(images.findLayer(layer('3').diffId)).toBeNull();
        expect(images.measureLayers()).toBe(0);
      }),
    );

    test(
      'hides an image that has snapshots until the last of them is gone',
      using(({ images, snapshots }) => {
        images.commit(commitOf(id('a'), ['a']));
        snapshots.insert({ key: 'k1', name: '1', imageId: id('a') }, 77);
        snapshots.insert({ key: 'k2', name: '2', imageId: id('a') }, 78);
        expect(images.get(id('a'))).toMatchObject({ snapshotKeys: ['k1', 'k2'], lastUsedTimeMs: 78 });
        expect(images.remove(id('a'), [], unpinned).layers).toEqual([]);
        expect(images.get(id('a'))).toBeNull();
        expect(images.list()).toEqual([]);
        expect(images.findByPrefix('a')).toEqual([]);
        expect(images.find(id('a'))?.id).toBe(id('a'));
        expect(images.layersOf(id('a'))).toEqual([layer('1')]);
        expect(snapshots.remove('k1', 79)).toEqual({ wasLastOfHidden: false });
        expect(snapshots.remove('k2', 80)).toEqual({ wasLastOfHidden: true });
        expect(images.collect(unpinned).layers).toEqual([layer('1')]);
        expect(images.find(id('a'))).toBeNull();
      }),
    );

    test(
      'shows a hidden image again when it is committed again',
      using(({ images, snapshots }) => {
        images.commit(commitOf(id('a'), ['a']));
        snapshots.insert({ key: 'k', name: '1', imageId: id('a') }, 1);
        images.remove(id('a'), [], unpinned);
        images.commit(commitOf(id('a'), ['b']));
        expect(images.get(id('a'))?.references).toEqual([parseReference('b')]);
        expect(snapshots.remove('k', 5)).toEqual({ wasLastOfHidden: false });
      }),
    );

    test(
      'a known layer keeps its name when another image is committed with it',
      using(({ images }) => {
        images.commit(commitOf(id('a'), []));
        images.commit(commitOf(id('b'), [], { layers: [{ ...layer('1'), name: '9' }] }));
        expect(images.layersOf(id('b'))).toEqual([layer('1')]);
      }),
    );

    test(
      'keeps how a layer wants its root directory',
      using(({ images }) => {
        const root = { mode: 0o1777, uid: 1, gid: 2 };
        images.commit(commitOf(id('a'), [], { layers: [{ ...layer('1'), root }] }));
        expect(images.layersOf(id('a'))[0]?.root).toEqual(root);
      }),
    );

    test(
      'tells which image has which layer, also of one that is hidden',
      using(({ images, snapshots }) => {
        images.commit(commitOf(id('a'), ['a'], { layers: [layer('1'), layer('2'), layer('1')] }));
        images.commit(commitOf(id('b'), ['b']));
        snapshots.insert({ key: 'k', name: '1', imageId: id('b') }, 1);
        images.remove(id('b'), [], unpinned);
        const uses = images.listUses().map(({ imageId, diffId, sizeBytes }) => `${imageId} ${diffId} ${sizeBytes}`);
        expect(uses.sort()).toEqual([
          `${id('a')} ${layer('1').diffId} 10`,
          `${id('a')} ${layer('2').diffId} 10`,
          `${id('b')} ${layer('1').diffId} 10`,
        ]);
      }),
    );

    test(
      'records what a prune gave back',
      using(({ images, prunes }) => {
        images.tell({ verb: 'prune', reclaimedBytes: 2 ** 40 });
        expect(prunes()).toEqual([{ verb: 'prune', reclaimedBytes: 2 ** 40 }]);
      }),
    );

    test(
      'removes names alone',
      using(({ images, events }) => {
        images.commit(commitOf(id('a'), ['a', 'b']));
        const event: ImageEvent = { verb: 'untag', objectId: id('a'), name: id('a') };
        images.removeReferences([parseReference('a')], [event]);
        expect(images.get(id('a'))?.references).toEqual([parseReference('b')]);
        expect(events()).toEqual([event]);
      }),
    );

    test(
      'takes the lease of a committed image off the list, and puts it on it when the image is removed',
      using(({ images, leases }) => {
        leases.add(`image:${id('a')}`);
        leases.add('import:1');
        images.commit(commitOf(id('a'), [], { isLeased: true }));
        images.commit(commitOf(id('b'), []));
        expect(leases.list()).toEqual(['import:1']);
        // It is brought once more: whatever becomes of that, the image is there.
        leases.add(`image:${id('a')}`);
        expect(leases.list()).toEqual(['import:1']);
        leases.remove('import:1');
        images.remove(id('a'), [], unpinned);
        images.remove(id('b'), [], unpinned);
        expect(leases.list()).toEqual([`image:${id('a')}`]);
      }),
    );

    test(
      'removes images that were not on the disk when the host went down, unless a container uses them',
      using(({ images, snapshots }) => {
        for (const [index, hex] of ['a', 'b', 'c'].entries()) {
          images.commit(commitOf(id(hex), [hex], { layers: [layer(String(index))] }));
        }
        expect(images.listUnsynced()).toEqual(['0', '1', '2']);
        images.markSynced(['0']);
        expect(images.listUnsynced()).toEqual(['1', '2']);
        snapshots.insert({ key: 'k', name: '1', imageId: id('b') }, 1);
        expect(images.removeLost('boot')).toEqual([]);
        expect(images.removeLost('next boot')).toEqual([id('c')]);
        expect(images.findByReference(parseReference('c'))).toBeNull();
        expect(images.collect(unpinned).layers).toEqual([layer('2')]);
        expect(images.list()).toHaveLength(2);
      }),
    );

    test(
      'keeps snapshots by key',
      using(({ images, snapshots }) => {
        images.commit(commitOf(id('a'), []));
        const snapshot = { key: 'k', name: '1', imageId: id('a') };
        snapshots.insert(snapshot, 1);
        expect(snapshots.get('k')).toEqual(snapshot);
        expect(snapshots.list()).toEqual([snapshot]);
        const [owned, other] = ['k.0', 'k0'].map((key) => ({ ...snapshot, key, name: key }));
        for (const more of [owned, other]) if (more !== undefined) snapshots.insert(more, 1);
        expect(snapshots.listOwned('k')).toEqual([snapshot, owned]);
        for (const key of ['k.0', 'k0']) snapshots.remove(key, 5);
        expect(snapshots.remove('k', 5)).toEqual({ wasLastOfHidden: false });
        expect(snapshots.remove('k', 5)).toEqual({ wasLastOfHidden: false });
        expect(snapshots.get('k')).toBeNull();
        expect(images.get(id('a'))?.lastUsedTimeMs).toBe(5);
      }),
    );
  });
}

import { describe, expect, test } from '@jest/globals';
import type { VolumeEvent, VolumeStore } from './ports.ts';
import type { Volume } from './volume.ts';

const created = (volume: string): VolumeEvent => ({ verb: 'create', volume, attributes: { driver: 'local' } });
const destroyed = (volume: string): VolumeEvent => ({ verb: 'destroy', volume, attributes: { driver: 'local' } });

function aVolume(name: string, fields: Partial<Volume> = {}): Volume {
  return {
    name,
    driver: 'local',
    labels: {},
    options: {},
    anonymous: false,
    snapshotOf: null,
    createTimeMs: 1_700_000_000_123,
    ...fields,
  };
}

/** The contract of VolumeStore. `events` tells what the store recorded, oldest first. */
export function volumeStoreContract(
  name: string,
  open: () => { store: VolumeStore; events: () => VolumeEvent[]; close: () => void },
): void {
  describe(`VolumeStore: ${name}`, () => {
    function inStore(run: (store: VolumeStore, events: () => VolumeEvent[]) => void): () => void {
      return () => {
        const { store, events, close } = open();
        try {
          run(store, events);
        } finally {
          close();
        }
      };
    }

    test(
      'gives back what was inserted, and records the event',
      inStore((store, events) => {
        const volume = aVolume('data', { labels: { a: '1' }, anonymous: true });
        store.insert(volume, created('data'));
        expect(store.get('data')).toEqual({ ...volume, containerIds: [], lastUseTimeMs: null });
        expect(events()).toEqual([created('data')]);
        expect(store.get('other')).toBeNull();
      }),
    );

    test(
      'keeps the first of two volumes with one name, and tells nothing of the second',
      inStore((store, events) => {
        store.insert(aVolume('data'), created('data'));
        store.insert(aVolume('data', { labels: { late: 'yes' } }), created('data'));
        expect(store.get('data')?.labels).toEqual({});
        expect(events()).toHaveLength(1);
      }),
    );

    test(
      'records what changes no volume',
      inStore((store, events) => {
        const event: VolumeEvent = { verb: 'prune', volume: '', attributes: { reclaimed: '1' } };
        store.tell(event);
        expect(events()).toEqual([event]);
      }),
    );

    test(
      'lists by name',
      inStore((store) => {
        for (const name of ['b', 'a', 'B']) store.insert(aVolume(name), created(name));
        expect(store.list().map((volume) => volume.name)).toEqual(['B', 'a', 'b']);
      }),
    );

    test(
      'counts a use once, however often it is added',
      inStore((store) => {
        store.insert(aVolume('data'), created('data'));
        store.addUse('data', 'c2', 5);
        store.addUse('data', 'c1', 5);
        store.addUse('data', 'c2', 5);
        expect(store.get('data')?.containerIds).toEqual(['c2', 'c1']);
      }),
    );

    test(
      'ends all uses by a container, and only those',
      inStore((store) => {
        for (const name of ['a', 'b', 'c']) store.insert(aVolume(name), created(name));
        store.addUse('a', 'c1', 5);
        store.addUse('b', 'c1', 5);
        store.addUse('b', 'c2', 5);
        expect(store.removeUses('c1', 7).sort()).toEqual(['a', 'b']);
        expect(store.removeUses('c1', 7)).toEqual([]);
        expect(store.get('b')?.containerIds).toEqual(['c2']);
      }),
    );

    test(
      'notes when a container last came or left',
      inStore((store) => {
        store.insert(aVolume('data', { snapshotOf: 'other' }), created('data'));
        store.addUse('data', 'c1', 3);
        store.addUse('data', 'c1', 4);
        expect(store.get('data')).toMatchObject({ lastUseTimeMs: 3, snapshotOf: 'other' });
        store.removeUses('c1', 8);
        expect(store.get('data')?.lastUseTimeMs).toBe(8);
      }),
    );

    test(
      'renames in two steps a volume that nobody has',
      inStore((store, events) => {
        for (const name of ['data', 'used', 'taken']) store.insert(aVolume(name), created(name));
        store.addUse('used', 'c1', 1);
        expect(store.markRenaming('used', 'new')).toBe(false);
        expect(store.markRenaming('absent', 'new')).toBe(false);
        expect(store.markRenaming('data', 'taken')).toBe(false);
        expect(store.markRenaming('data', 'new')).toBe(true);
        expect(store.listRenaming()).toEqual([{ name: 'data', newName: 'new' }]);
        const renamed: VolumeEvent = { verb: 'rename', volume: 'new', attributes: { oldName: 'data' } };
        store.rename('data', 'new', renamed);
        store.rename('data', 'new', renamed);
        expect(store.list().map(({ name }) => name)).toEqual(['new', 'taken', 'used']);
        expect(store.listRenaming()).toEqual([]);
        expect(events().slice(3)).toEqual([renamed]);
      }),
    );

    test(
      'does not mark a volume that is in use, absent, or marked already',
      inStore((store) => {
        store.insert(aVolume('data'), created('data'));
        store.addUse('data', 'c1', 5);
        expect(store.markDeleting('data')).toBe(false);
        expect(store.markDeleting('absent')).toBe(false);
        store.removeUses('c1', 7);
        expect(store.markDeleting('data')).toBe(true);
        expect(store.markDeleting('data')).toBe(false);
      }),
    );

    test(
      'hides a volume that is being deleted until it is removed, then its name is free',
      inStore((store, events) => {
        store.insert(aVolume('data'), created('data'));
        store.markDeleting('data');
        expect([store.get('data'), store.list(), store.listDeleting()]).toEqual([null, [], ['data']]);
        store.remove('data', destroyed('data'));
        store.remove('data', destroyed('data'));
        expect(store.listDeleting()).toEqual([]);
        store.insert(aVolume('data'), created('data'));
        expect(store.get('data')?.containerIds).toEqual([]);
        expect(events()).toEqual([created('data'), destroyed('data'), created('data')]);
      }),
    );
  });
}

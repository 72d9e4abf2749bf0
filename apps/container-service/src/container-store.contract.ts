import { describe, expect, test } from '@jest/globals';
import { aConfig, aSpec } from './adapters/memory-engine.ts';
import { advance, newContainer, type Container } from './container.ts';
import { containerEvent } from './events.ts';
import type { ContainerEvent, ContainerStore, ExecStore, SettingStore } from './ports/stores.ts';

/** Stores under test, which share a list of events. */
export interface StoresUnderTest {
  readonly containers: ContainerStore;
  readonly execs: ExecStore;
  readonly settings: SettingStore;
  /** What was told, oldest first. */
  events(): ContainerEvent[];
  close(): void;
}

function aContainer(id: string, name: string, createTimeNs = 1n): Container {
  const labels = { startTimeNs: 'a label may have any name' };
  return newContainer(
    aSpec({ id, name, config: aConfig({ autoRemove: name.startsWith('rm'), labels }), createTimeNs }),
  );
}

const A = 'a'.repeat(64);
const B = `ab${'0'.repeat(62)}`;

/** The contract of the stores. */
export function containerStoreContract(name: string, open: () => StoresUnderTest): void {
  describe(`stores: ${name}`, () => {
    function withStores(run: (stores: StoresUnderTest) => void): () => void {
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
      'give back what was inserted, to the nanosecond, and tell the events',
      withStores(({ containers, events }) => {
        const container = aContainer(A, 'web', 1_700_000_000_123_456_789n);
        const event = containerEvent(container, 'create', { extra: 'x' });
        containers.insert(container, [event]);
        expect(containers.get(A)).toEqual(container);
        expect(containers.get(B)).toBeNull();
        expect(events()).toEqual([event]);
      }),
    );

    test(
      'refuse a second container of one name, and tell nothing of it',
      withStores(({ containers, events }) => {
        containers.insert(aContainer(A, 'web'), []);
        const other = aContainer(B, 'web');
        expect(() => containers.insert(other, [containerEvent(other, 'create')])).toThrow(
          `Conflict. The container name "/web" is already in use by container "${A}". You have to remove (or rename) ` +
            'that container to be able to reuse that name.',
        );
        expect([containers.list().length, events()]).toEqual([1, []]);
      }),
    );

    test(
      'find ids by name and by prefix',
      withStores(({ containers }) => {
        containers.insert(aContainer(A, 'one'), []);
        containers.insert(aContainer(B, 'two'), []);
        expect([containers.idOfName('two'), containers.idOfName('three')]).toEqual([B, null]);
        expect(containers.idsWithPrefix('ab')).toEqual([B]);
        expect(containers.idsWithPrefix('a').sort()).toEqual([A, B].sort());
        expect(containers.idsWithPrefix(B)).toEqual([B]);
        expect(containers.idsWithPrefix('b')).toEqual([]);
      }),
    );

    test(
      'list the newest first',
      withStores(({ containers }) => {
        containers.insert(aContainer(A, 'old', 1n), []);
        containers.insert(aContainer(B, 'new', 2n), []);
        expect(containers.list().map((container) => container.name)).toEqual(['new', 'old']);
      }),
    );

    test(
      'replace a container only while its status is the one that was read',
      withStores(({ containers, events }) => {
        const created = aContainer(A, 'web');
        containers.insert(created, []);
        const starting = advance(created, 'start', { bootId: 'b' });
        containers.replace(created, starting, []);
        const running = advance(starting, 'run', { pid: 7, startTimeNs: 5n });
        containers.replace(starting, running, [containerEvent(running, 'start')]);
        expect(containers.get(A)).toEqual(running);
        expect(() => containers.replace(created, starting, [containerEvent(created, 'start')])).toThrow(
          'no longer created',
        );
        expect(() => containers.remove(created, leftover, [])).toThrow('no longer created');
        expect([containers.get(A), events().length]).toEqual([running, 1]);
      }),
    );

    const leftover = { containerId: A, addresses: ['172.17.0.2'], firstUserId: 100_000, volumes: 'release' as const };

    test(
      'remove a container and remember what it left until that is cleaned up',
      withStores(({ containers, events }) => {
        const container = aContainer(A, 'rm-me');
        containers.insert(container, []);
        containers.remove(container, leftover, [containerEvent(container, 'destroy')]);
        expect([containers.get(A), containers.idOfName('rm-me'), containers.listLeftovers()]).toEqual([
          null,
          null,
          [leftover],
        ]);
        containers.removeLeftover(A);
        containers.removeLeftover(A);
        expect(containers.listLeftovers()).toEqual([]);
        expect(events().map(({ verb }) => verb)).toEqual(['destroy']);
      }),
    );

    test(
      'end the execs of a container that is removed',
      withStores(({ containers, execs, events }) => {
        const container = aContainer(A, 'busy');
        containers.insert(container, []);
        execs.insert({ id: '01', containerId: A }, []);
        execs.insert({ id: '02', containerId: 'b'.repeat(64) }, []);
        containers.remove(container, leftover, [containerEvent(container, 'destroy')]);
        execs.remove('01', [containerEvent(container, 'exec_die')]);
        expect(execs.list().map(({ id }) => id)).toEqual(['02']);
        expect(events().map(({ verb }) => verb)).toEqual(['exec_die', 'destroy']);
        expect(events()[0]?.attributes).toMatchObject({ execID: '01', exitCode: '137' });
      }),
    );

    test(
      'tell an exec’s end once',
      withStores(({ execs, events }) => {
        const event = containerEvent(aContainer(A, 'web'), 'exec_die');
        execs.insert({ id: '01', containerId: A }, []);
        expect(execs.list()).toEqual([{ id: '01', containerId: A }]);
        execs.remove('01', [event]);
        execs.remove('01', [event]);
        expect([execs.list(), events()]).toEqual([[], [event]]);
      }),
    );

    test(
      'keep the first value of a setting',
      withStores(({ settings }) => {
        expect([settings.getOrSet('k', () => 'one'), settings.getOrSet('k', () => 'two')]).toEqual(['one', 'one']);
      }),
    );
  });
}

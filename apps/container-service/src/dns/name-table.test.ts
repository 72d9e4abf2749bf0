import { describe, expect, test } from '@jest/globals';
import { createNameTable, type NamedContainer } from './name-table.ts';

const WEB = aContainer('web1', {
  networkId: 'n1',
  networkName: 'Front',
  addresses: ['172.18.0.2', 'fd00::2'],
  names: ['web', 'w1', 'www'],
});
const TWIN = aContainer('web2', {
  networkId: 'n1',
  networkName: 'Front',
  addresses: ['172.18.0.3'],
  names: ['other', 'www'],
});
const STRANGER = aContainer('db1', {
  networkId: 'n2',
  networkName: 'back',
  addresses: ['172.19.0.2'],
  names: ['db', 'www'],
});

describe('the names of networks', () => {
  test('a container is found by name, alias and qualified name, in any case', () => {
    const table = filled(WEB, TWIN);
    for (const name of ['web', 'WEB', 'w1', 'web.front', 'Web.FRONT']) {
      expect(table.lookup(WEB, name)).toEqual(['172.18.0.2', 'fd00::2']);
    }
    expect(table.lookup(WEB, 'web.back')).toBeNull();
  });

  test('an alias that several share has the addresses of all', () => {
    const table = filled(WEB, TWIN);
    expect(table.lookup(WEB, 'www')).toEqual(['172.18.0.2', 'fd00::2', '172.18.0.3']);
    table.remove('web1');
    expect(table.lookup(TWIN, 'www')).toEqual(['172.18.0.3']);
  });

  test('networks do not know each other, and the first of several that knows a name answers', () => {
    const both = {
      ...WEB,
      id: 'both',
      places: [...STRANGER.places, ...WEB.places].map((place) => ({ ...place, addresses: [] })),
    };
    const table = filled(WEB, STRANGER);
    expect(table.lookup(WEB, 'db')).toBeNull();
    expect(table.lookup(both, 'www')).toEqual(['172.19.0.2']);
    expect(table.lookup(both, 'web')).toEqual(['172.18.0.2', 'fd00::2']);
  });

  test('an address has the first name, qualified, in its own networks', () => {
    const table = filled(WEB, STRANGER);
    expect(table.reverse(WEB, '172.18.0.2')).toBe('web.Front');
    expect(table.reverse(WEB, 'fd00::2')).toBe('web.Front');
    expect(table.reverse(STRANGER, '172.18.0.2')).toBeNull();
  });

  test('what is told of a container again takes the place of what was told', () => {
    const table = filled(WEB);
    table.set({ ...WEB, places: [{ ...WEB.places[0]!, addresses: ['172.18.0.9'], names: ['fresh'] }] });
    expect(table.lookup(WEB, 'web')).toBeNull();
    expect(table.lookup(WEB, 'fresh')).toEqual(['172.18.0.9']);
    expect(table.client('172.18.0.2')).toBeNull();
    expect(table.client('172.18.0.9')?.id).toBe('web1');
  });

  test('an address that went from one container to the next stays with the next', () => {
    const table = filled(WEB);
    table.set({ ...TWIN, places: WEB.places });
    table.remove('web1');
    expect(table.client('172.18.0.2')?.id).toBe('web2');
  });
});

function aContainer(id: string, place: NamedContainer['places'][number]): NamedContainer {
  return { id, places: [place], nameServers: [], forwards: true };
}

function filled(...containers: NamedContainer[]): ReturnType<typeof createNameTable> {
  const table = createNameTable();
  for (const container of containers) table.set(container);
  return table;
}

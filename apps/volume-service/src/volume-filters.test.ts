import { expect, test } from '@jest/globals';
import type { VolumeWithUses } from './ports.ts';
import { parseListFilters, parsePruneFilters, type VolumeFilter } from './volume-filters.ts';

function aVolume(fields: Partial<VolumeWithUses>): VolumeWithUses {
  return {
    name: 'data',
    driver: 'local',
    labels: {},
    options: {},
    anonymous: false,
    createTimeMs: 1,
    snapshotOf: null,
    lastUseTimeMs: null,
    containerIds: [],
    ...fields,
  };
}

const VOLUMES = [
  aVolume({ name: 'data', labels: { a: '1', b: '2' }, containerIds: ['c'] }),
  aVolume({ name: 'data-2', labels: { a: '2' } }),
  aVolume({ name: 'f00', anonymous: true, labels: { a: '' } }),
];

const parse = (text: string): VolumeFilter[] =>
  text.split(' ').map((each) => ({ key: each.split('=', 1)[0] ?? '', value: each.slice(each.indexOf('=') + 1) }));

test.each([
  ['name=data', ['data', 'data-2']],
  ['name=^data$ name=f0', ['data', 'f00']],
  ['name=(', []],
  ['driver=local', ['data', 'data-2', 'f00']],
  ['driver=nfs', []],
  ['label=a', ['data', 'data-2', 'f00']],
  ['label=a=1 label=b', ['data']],
  ['dangling=true', ['data-2', 'f00']],
  ['dangling=0 name=data', ['data']],
])('a list with %s', (text, names) => {
  expect(VOLUMES.filter(parseListFilters(parse(text))).map(({ name }) => name)).toEqual(names);
});

test.each([
  ['label=a', ['f00']],
  ['all=true', ['data', 'data-2', 'f00']],
  ['all=1 label!=a=1', ['data-2', 'f00']],
  ['all=false', ['f00']],
])('a prune with %s', (text, names) => {
  expect(VOLUMES.filter(parsePruneFilters(parse(text))).map(({ name }) => name)).toEqual(names);
});

test('what is no filter is refused in the words of Docker', () => {
  expect(() => parseListFilters(parse('size=1'))).toThrow("invalid filter 'size'");
  expect(() => parseListFilters(parse('dangling=maybe'))).toThrow("invalid filter 'dangling=[maybe]'");
  expect(() => parseListFilters(parse('dangling=1 dangling=0'))).toThrow("invalid filter 'dangling=[1 0]'");
  expect(() => parsePruneFilters(parse('until=1h'))).toThrow("invalid filter 'until'");
});

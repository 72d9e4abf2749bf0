import { beforeEach, describe, expect, test } from '@jest/globals';
import { familiarReference, parseReference, withDefaultTag } from '@berth/oci';
import { createMemoryStores, type MemoryStores } from './adapters/memory-stores.ts';
import { createListImages, type ListImages, type ListRequest } from './list-images.ts';

const id = (letter: string): string => `sha256:${letter.repeat(64)}`;
const HOUR_MS = 3_600_000;
const NOW_MS = 1000 * HOUR_MS;

interface Fixture {
  readonly names?: readonly string[];
  readonly labels?: Record<string, string>;
  readonly createTimeMs?: number | null;
  readonly parentId?: string;
}

describe('listImages', () => {
  let stores: MemoryStores;
  let listImages: ListImages;
  let addTimeMs: number;
  beforeEach(() => {
    addTimeMs = NOW_MS;
    stores = createMemoryStores({ nowMs: () => addTimeMs });
    listImages = createListImages({ store: stores.images, nowMs: () => NOW_MS });
  });

  function add(letter: string, { names = [], labels = {}, createTimeMs = 0, parentId }: Fixture): void {
    const rootfs = { type: 'layers', diff_ids: [] };
    const document = { os: 'linux', architecture: 'amd64', rootfs, config: { Labels: labels } };
    stores.images.commit({
      image: {
        id: id(letter),
        config: Buffer.from(JSON.stringify(document)),
        platform: 'linux/amd64',
        sizeBytes: 0,
        createTimeMs,
      },
      layers: [],
      references: names.map((name) => withDefaultTag(parseReference(name))),
      events: [],
      isLeased: false,
      ...(parentId === undefined ? {} : { parentId }),
    });
  }

  /** The first letters of the ids, and the names that are shown with each. */
  function list(...texts: string[]): Record<string, string> {
    return ask({
      filters: texts.map((text) => ({ key: text.split('=')[0] ?? '', value: text.slice(text.indexOf('=') + 1) })),
    });
  }

  function ask(request: Partial<ListRequest>): Record<string, string> {
    const images = listImages({ reference: '', all: false, filters: [], omitConfig: true, ...request });
    return Object.fromEntries(
      images.map((image) => [image.id.slice(7, 8), image.references.map(familiarReference).join(' ')]),
    );
  }

  test('hides what others were committed on, as long as it has no name, unless all are asked for', () => {
    add('a', {});
    add('b', { parentId: id('a') });
    add('c', { names: ['c'] });
    add('d', { parentId: id('c') });
    expect(ask({})).toEqual({ b: '', c: 'c:latest', d: '' });
    expect(ask({ all: true })).toEqual({ a: '', b: '', c: 'c:latest', d: '' });
    expect(list('dangling=true')).toEqual({ b: '', d: '' });
    expect(ask({ all: true, filters: [{ key: 'dangling', value: '1' }] })).toEqual({ b: '', d: '' });
    expect(list('dangling=false')).toEqual({ c: 'c:latest' });
  });

  test('an image that lost its tag but not its digest is dangling, and keeps its repository', () => {
    add('a', { names: [`app@${id('1')}`] });
    add('b', { names: ['app:1', `app@${id('2')}`] });
    expect(list('dangling=true')).toEqual({ a: `app@${id('1')}` });
    expect(list('dangling=false')).toEqual({ a: `app@${id('1')}`, b: `app:1 app@${id('2')}` });
  });

  test('lists a repository, or exactly one name', () => {
    add('a', { names: ['app:1', 'app:2', 'user/app:1'] });
    add('b', { names: ['app:3'] });
    add('c', {});
    expect(ask({ reference: 'app' })).toEqual({ a: 'app:1 app:2', b: 'app:3' });
    expect(ask({ reference: 'user/app:1' })).toEqual({ a: 'user/app:1' });
    expect(ask({ reference: 'app:9' })).toEqual({});
    expect(() => ask({ reference: 'A' })).toThrow('must be lowercase');
  });

  test('matches patterns with names as users write them; a star stops at a slash', () => {
    add('a', { names: ['app:1', 'user/app:1', 'localhost:5000/app:2'] });
    add('b', { names: ['busybox'] });
    add('c', {});
    expect(list('reference=app')).toEqual({ a: 'app:1' });
    expect(list('reference=*')).toEqual({ a: 'app:1', b: 'busybox:latest' });
    expect(list('reference=*:1')).toEqual({ a: 'app:1' });
    expect(list('reference=*/app')).toEqual({ a: 'user/app:1 localhost:5000/app:2' });
    expect(list('reference=b*', 'reference=user/*')).toEqual({ a: 'user/app:1', b: 'busybox:latest' });
    expect(() => list('reference=[')).toThrow('syntax error in pattern');
  });

  test('all labels must be there', () => {
    add('a', { labels: { x: '1', y: '' } });
    add('b', { labels: { x: '2' } });
    expect(list('label=x')).toEqual({ a: '', b: '' });
    expect(list('label=x=2')).toEqual({ b: '' });
    expect(list('label=x', 'label=y')).toEqual({ a: '' });
    expect(list('label=toString')).toEqual({});
  });

  test('times of creation: the oldest before and the newest since count, and an image without one has none', () => {
    for (const [letter, hours] of Object.entries({ a: 100, b: 200, c: 300 })) {
      add(letter, { names: [letter], createTimeMs: hours * HOUR_MS });
    }
    add('d', { createTimeMs: null });
    expect(list('before=c')).toEqual({ a: 'a:latest', b: 'b:latest' });
    expect(list('before=c', 'before=b')).toEqual({ a: 'a:latest' });
    expect(list('since=a', 'before=c')).toEqual({ b: 'b:latest' });
    expect(list('since=a', 'since=b')).toEqual({ c: 'c:latest' });
    expect(list('until=750h')).toEqual({ a: 'a:latest', b: 'b:latest' });
    expect(list(`until=${150 * 3600}`, 'until=1h')).toEqual({ a: 'a:latest' });
    expect(() => list('before=nope')).toThrow('No such image: nope:latest');
  });

  test('unused for a time: no container, and neither used, tagged nor added since', () => {
    addTimeMs = NOW_MS - 10 * HOUR_MS;
    for (const letter of ['a', 'b', 'c', 'd']) add(letter, { names: [letter] });
    stores.snapshots.insert({ key: 'k', name: '1', imageId: id('b') }, 0);
    stores.snapshots.insert({ key: 'l', name: '2', imageId: id('c') }, 0);
    stores.snapshots.remove('l', NOW_MS - HOUR_MS);
    addTimeMs = NOW_MS - 2 * HOUR_MS;
    stores.images.addReference(id('d'), parseReference('d:2'), []);
    expect(list('unused-for=3h')).toEqual({ a: 'a:latest' });
    expect(list('unused-for=90m')).toEqual({ a: 'a:latest', d: 'd:2 d:latest' });
    expect(list('unused-for=10h')).toEqual({ a: 'a:latest' });
    expect(list('unused-for=11h')).toEqual({});
  });

  test.each([
    ['nonsense=1', "invalid filter 'nonsense'"],
    ['dangling=maybe', "invalid filter 'dangling=[maybe]'"],
    ['until=soon', 'invalid time "soon" in filter'],
    ['unused-for=-1h', 'invalid duration "-1h" in filter'],
  ])('refuses %s', (text, message) => {
    expect(() => list(text)).toThrow(message);
  });
});

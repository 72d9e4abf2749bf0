import { describe, expect, test } from '@jest/globals';
import { sha256Digest } from '@berth/oci';
import { chainIdsOf, lowerDirsOf, rootAttributesOf, type Layer } from './image.ts';

const layer = (name: string, root: Layer['root'] = null): Layer => ({ name, diffId: name, sizeBytes: 0, root });

describe('lowerDirsOf', () => {
  test('names the uppermost layer first', () => {
    expect(lowerDirsOf([layer('a'), layer('b'), layer('c')])).toEqual(['c', 'b', 'a']);
  });

  test('has a layer that comes twice only where it is uppermost', () => {
    expect(lowerDirsOf([layer('a'), layer('b'), layer('a'), layer('c')])).toEqual(['c', 'a', 'b']);
  });
});

describe('rootAttributesOf', () => {
  test('are those of the uppermost layer that says how its root is', () => {
    const low = { mode: 0o700, uid: 1, gid: 1 };
    const high = { mode: 0o1777, uid: 0, gid: 0 };
    expect(rootAttributesOf([layer('a', low), layer('b', high), layer('c')])).toEqual(high);
  });

  test('are 0755 of root when no layer says', () => {
    expect(rootAttributesOf([layer('a')])).toEqual({ mode: 0o755, uid: 0, gid: 0 });
  });
});

describe('chainIdsOf', () => {
  test('follow the specification', () => {
    const digest = (text: string): string => sha256Digest(Buffer.from(text));
    const [first, second] = ['sha256:aa', 'sha256:bb'];
    const chain = digest(`${first} ${second}`);
    expect(chainIdsOf([first, second, first], digest)).toEqual([first, chain, digest(`${chain} ${first}`)]);
    expect(chainIdsOf([], digest)).toEqual([]);
  });
});

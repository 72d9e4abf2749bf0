import { describe, expect, test } from '@jest/globals';
import { parsePathChanges } from './path-changes.ts';

describe('parsePathChanges', () => {
  test('reads kinds and paths, also such with newlines', () => {
    expect(parsePathChanges(Buffer.from('C/etc\0A/etc/a\nb\0D/ä\0'))).toEqual([
      { path: '/etc', kind: 'changed' },
      { path: '/etc/a\nb', kind: 'added' },
      { path: '/ä', kind: 'deleted' },
    ]);
    expect(parsePathChanges(Buffer.alloc(0))).toEqual([]);
  });

  test.each(['C/etc', 'X/etc\0', 'Cetc\0', '\0'])('refuses what is no list: %j', (text) => {
    expect(() => parsePathChanges(Buffer.from(text))).toThrow();
  });
});

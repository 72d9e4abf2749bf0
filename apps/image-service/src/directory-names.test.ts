import { describe, expect, test } from '@jest/globals';
import { createNames } from './directory-names.ts';

describe('createNames', () => {
  test('gives short names that were not there before', () => {
    const next = createNames(['1', 'z', '5']);
    expect([next(), next()]).toEqual(['10', '11']);
    expect(createNames([])()).toBe('1');
  });
});

import { expect, test } from '@jest/globals';
import { checkVolumeName, generateVolumeName } from './volume.ts';

test.each(['ab', 'a.b', 'A-1_x', '0a', 'a'.repeat(255)])('takes %j as a name', (name) => {
  expect(() => checkVolumeName(name)).not.toThrow();
});

test.each(['-a', '.a', 'a/b', '../a', 'a b', 'aé', 'a\n', 'ab\0'])('refuses %j in the words of Docker', (name) => {
  expect(() => checkVolumeName(name)).toThrow(
    `create ${name}: ${JSON.stringify(name)} includes invalid characters for a local volume name, only ` +
      '"[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path',
  );
});

test('refuses names that are too short or too long', () => {
  expect(() => checkVolumeName('a')).toThrow('create a: volume name is too short');
  expect(() => checkVolumeName('a'.repeat(256))).toThrow('volume name is too long');
});

test('generates names of 64 hexadecimal digits, each a new one', () => {
  expect(generateVolumeName()).toMatch(/^[0-9a-f]{64}$/);
  expect(generateVolumeName()).not.toBe(generateVolumeName());
});

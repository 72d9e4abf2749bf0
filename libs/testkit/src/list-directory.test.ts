import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { listDirectory } from './list-directory.ts';
import { createTemporaryDirectory } from './temporary-directory.ts';

test('a directory that is gone has no entries; what is none is an error', () => {
  using directory = createTemporaryDirectory();
  mkdirSync(join(directory.path, 'sub'));
  writeFileSync(join(directory.path, 'file'), '');
  const entries = listDirectory(directory.path).map((entry) => [entry.name, entry.isDirectory()]);
  expect(new Map(entries as [string, boolean][])).toEqual(
    new Map([
      ['sub', true],
      ['file', false],
    ]),
  );
  expect(listDirectory(join(directory.path, 'gone'))).toEqual([]);
  expect(() => listDirectory(join(directory.path, 'file'))).toThrow('ENOTDIR');
});

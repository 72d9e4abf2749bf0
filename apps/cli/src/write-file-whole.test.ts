import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { writeFileWhole } from './write-file-whole.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync('/tmp/berth-');
});
afterEach(() => rmSync(dir, { recursive: true }));

/** A part that is waited for, and small ones that are not, before a failure. */
async function* parts(smallOnes: number, failure?: Error) {
  yield await Promise.resolve({ data: Buffer.alloc(100_000, '.') });
  for (let i = 0; i < smallOnes; i++) yield { data: Buffer.from(`part ${i}, `) };
  if (failure) throw failure;
}

test('parts come into the file in their order', async () => {
  await writeFileWhole(join(dir, 'file'), parts(3), 'save');
  expect(readFileSync(join(dir, 'file'), 'utf8')).toBe(`${'.'.repeat(100_000)}part 0, part 1, part 2, `);
});

test('a source that fails at any moment is the only failure, and the file is what it was', async () => {
  writeFileSync(join(dir, 'file'), 'before');
  for (let count = 0; count < 20; count++) {
    const failure = new Error('the source');
    await expect(writeFileWhole(join(dir, 'file'), parts(count, failure), 'save')).rejects.toBe(failure);
  }
  expect(readdirSync(dir)).toEqual(['file']);
  expect(readFileSync(join(dir, 'file'), 'utf8')).toBe('before');
});

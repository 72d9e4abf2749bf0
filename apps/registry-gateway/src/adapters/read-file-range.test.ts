import { rmSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { reasonOf } from '../content-store.contract.ts';
import { readFileRange } from './read-file-range.ts';

const CONTENT = Buffer.from(Array.from({ length: 2_500_000 }, (_, index) => index % 251));

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync('/tmp/berth-');
  path = join(dir, 'file');
  writeFileSync(path, CONTENT);
});
afterEach(() => rmSync(dir, { recursive: true }));

async function read(offset: number, size: number, from = path): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of readFileRange({ path: from, offset, size })) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

test.each([
  [0, 0],
  [0, 2_500_000],
  [7, 2_100_000],
  [2_499_999, 1],
])('reads from %d on %d bytes', async (offset, size) => {
  expect((await read(offset, size)).equals(CONTENT.subarray(offset, offset + size))).toBe(true);
});

test('a file that is too short or not there is told', async () => {
  expect(await reasonOf(read(1, 2_500_000))).toBe('SIZE_MISMATCH');
  expect(await reasonOf(read(0, 1, join(dir, 'other')))).toBe('BLOB_NOT_FOUND');
});

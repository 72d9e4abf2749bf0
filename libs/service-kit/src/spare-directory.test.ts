import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openSpareDirectory } from './spare-directory.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'berth-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const make = (path: string): void => {
  mkdirSync(path);
  mkdirSync(join(path, 'upper'));
};

async function untilThere(path: string): Promise<void> {
  while (!existsSync(path)) await sleep(5);
}

test('the second directory is the one that was made ahead, and a third is made', async () => {
  const spare = join(dir, 'spare');
  const { create } = openSpareDirectory(spare, make);
  create(join(dir, 'a'));
  await untilThere(join(spare, 'upper'));
  const { ino } = statSync(spare);
  create(join(dir, 'b'));
  expect(statSync(join(dir, 'b')).ino).toBe(ino);
  create(join(dir, 'c'));
  expect(['a', 'b', 'c'].map((name) => readdirSync(join(dir, name)))).toEqual([['upper'], ['upper'], ['upper']]);
});

test('what an earlier process left half made is not used', () => {
  const spare = join(dir, 'spare');
  mkdirSync(spare);
  openSpareDirectory(spare, make).create(join(dir, 'a'));
  expect(readdirSync(join(dir, 'a'))).toEqual(['upper']);
});

test('one that cannot be made ahead is made when it is wanted', async () => {
  let isBroken = false;
  const { create } = openSpareDirectory(join(dir, 'spare'), (path) => {
    mkdirSync(path);
    if (isBroken) throw new Error('no');
    writeFileSync(join(path, 'whole'), '');
  });
  create(join(dir, 'a'));
  isBroken = true;
  await sleep(100);
  isBroken = false;
  create(join(dir, 'b'));
  expect(readdirSync(join(dir, 'b'))).toEqual(['whole']);
});

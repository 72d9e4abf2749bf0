import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createCommitFlush, openCommitFlush } from './commit-flush.ts';
import { openDatabase, transaction } from './database.ts';

test('commits that come while a flush runs share the next one', async () => {
  const disk = aDisk();
  const { begin, settled } = createCommitFlush(disk.flush);
  begin();
  await aTurn();
  for (let commit = 0; commit < 5; commit++) begin();
  const all = settled();
  disk.end();
  await Promise.resolve();
  expect(disk.count()).toBe(1);
  await isPending(all);
  disk.end();
  await all;
  expect(disk.count()).toBe(2);
});

test('what is settled asks the disk for nothing', async () => {
  const disk = aDisk();
  const { begin, settled } = createCommitFlush(disk.flush);
  await settled();
  begin();
  await aTurn();
  disk.end();
  await settled();
  await settled();
  expect(disk.count()).toBe(1);
});

test('a flush begins after what is at hand, or when somebody waits for it', async () => {
  const disk = aDisk();
  const { begin, settled } = createCommitFlush(disk.flush);
  begin();
  expect(disk.count()).toBe(0);
  const first = settled();
  expect(disk.count()).toBe(1);
  disk.end();
  await first;
  await aTurn();
  expect(disk.count()).toBe(1);
});

test('a flush that fails is told to those who wait, and tried again by the next', async () => {
  const disk = aDisk();
  const { begin, settled } = createCommitFlush(disk.flush);
  begin();
  const failed = settled();
  disk.fail(new Error('EIO'));
  await expect(failed).rejects.toThrow('EIO');
  const again = settled();
  disk.end();
  await again;
});

test('a database has a log to flush from its first moment on', async () => {
  const directory = mkdtempSync('/tmp/berth-');
  const path = join(directory, 'state.db');
  const database = openDatabase({ path, migrations: ['CREATE TABLE t (a INTEGER) STRICT'], synchronous: 'NORMAL' });
  const { begin, settled } = openCommitFlush(path);
  transaction(database, () => database.exec('INSERT INTO t VALUES (1)'));
  begin();
  await settled();
  database.close();
  rmSync(directory, { recursive: true });
});

/** A disk that is as slow as the test wants. */
function aDisk() {
  const flushes: PromiseWithResolvers<void>[] = [];
  return {
    flush(): Promise<void> {
      const flush = Promise.withResolvers<void>();
      flushes.push(flush);
      return flush.promise;
    },
    end: () => flushes.at(-1)?.resolve(),
    fail: (error: Error) => flushes.at(-1)?.reject(error),
    count: () => flushes.length,
  };
}

function aTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function isPending(promise: Promise<void>): Promise<void> {
  const first = await Promise.race([
    promise.then(() => 'settled'),
    new Promise((resolve) => setImmediate(resolve, 'pending')),
  ]);
  expect(first).toBe('pending');
}

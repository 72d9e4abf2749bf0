import { mkdtempSync, rmSync } from 'node:fs';
import { afterAll, expect, test } from '@jest/globals';
import { resolvePaths } from '@berth/client';
import { lockEngine } from './engine-lock.ts';

const root = mkdtempSync('/tmp/berth-');
const paths = resolvePaths({ BERTH_ROOT: root });
afterAll(() => rmSync(root, { recursive: true }));

test('a second launcher waits until the first has done', async () => {
  const order: string[] = [];
  const first = await lockEngine(paths);
  const second = lockEngine(paths).then((lock) => {
    order.push('second');
    lock[Symbol.dispose]();
  });
  await new Promise((resolve) => setTimeout(resolve, 150));
  order.push('first');
  first[Symbol.dispose]();
  await second;
  expect(order).toEqual(['first', 'second']);
});

test('a launcher gives up with a clear error', async () => {
  using _lock = await lockEngine(paths);
  await expect(lockEngine(paths, 100)).rejects.toMatchObject({ reason: 'ABORTED' });
});

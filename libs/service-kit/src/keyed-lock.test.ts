import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { createKeyedLock } from './keyed-lock.ts';

test('runs one at a time for a key, others beside it, and goes on after a failure', async () => {
  const lock = createKeyedLock();
  const order: string[] = [];
  const step = (name: string, ms: number) => async () => {
    await sleep(ms);
    order.push(name);
    if (name === 'fails') throw new Error(name);
  };
  const failing = lock.run('a', step('fails', 20));
  const next = lock.run('a', step('next', 0));
  const beside = lock.run('b', step('beside', 0));
  await expect(failing).rejects.toThrow('fails');
  await Promise.all([next, beside]);
  expect(order).toEqual(['beside', 'fails', 'next']);
});

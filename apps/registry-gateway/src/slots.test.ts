import { expect, test } from '@jest/globals';
import { createSlots } from './slots.ts';

const never = new AbortController().signal;

test('lets only so many in, first come first served', async () => {
  const slots = createSlots(1);
  const order: string[] = [];
  const release = await slots.take(never);
  const second = slots.take(never).then((free) => (order.push('second'), free));
  const third = slots.take(never).then((free) => (order.push('third'), free));
  expect(order).toEqual([]);
  release();
  (await second)();
  (await third)();
  expect(order).toEqual(['second', 'third']);
});

test('who stops waiting takes no slot', async () => {
  const slots = createSlots(1);
  const release = await slots.take(never);
  const abort = new AbortController();
  const waiting = slots.take(abort.signal);
  abort.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  release();
  (await slots.take(never))();
});

test('a slot that was given in the moment of giving up is passed on', async () => {
  const slots = createSlots(1);
  const release = await slots.take(never);
  const abort = new AbortController();
  const waiting = slots.take(abort.signal);
  abort.abort(new Error('enough'));
  release();
  await expect(waiting).rejects.toThrow('enough');
  (await slots.take(never))();
});

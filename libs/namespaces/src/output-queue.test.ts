import { expect, test } from '@jest/globals';
import { createOutputQueue } from './output-queue.ts';

function createSource() {
  const calls: string[] = [];
  return { calls, pause: () => void calls.push('pause'), resume: () => void calls.push('resume') };
}

const chunk = (size: number) => ({ stream: 'stdout' as const, data: new Uint8Array(size) });

test('output comes in order, and the iteration ends after it', async () => {
  const queue = createOutputQueue(createSource());
  queue.push({ stream: 'stdout', data: Buffer.from('a') });
  queue.push({ stream: 'stderr', data: Buffer.from('b') });
  queue.end();
  const seen: string[] = [];
  for await (const { stream, data } of queue) seen.push(`${stream} ${Buffer.from(data).toString()}`);
  expect(seen).toEqual(['stdout a', 'stderr b']);
});

test('a consumer that waits gets what is pushed later', async () => {
  const queue = createOutputQueue(createSource());
  const first = queue[Symbol.asyncIterator]().next();
  queue.push(chunk(3));
  expect((await first).value?.data.length).toBe(3);
});

test('the source is paused above the limit and goes on at half of it', async () => {
  const source = createSource();
  const queue = createOutputQueue(source);
  for (let i = 0; i < 5; i++) queue.push(chunk(256 * 1024));
  expect(source.calls).toEqual(['pause']);
  const iterator = queue[Symbol.asyncIterator]();
  await iterator.next();
  await iterator.next();
  expect(source.calls).toEqual(['pause']);
  await iterator.next();
  expect(source.calls).toEqual(['pause', 'resume']);
});

test('an abandoned iteration lets the source go on and drops what comes', async () => {
  const source = createSource();
  const queue = createOutputQueue(source);
  for (let i = 0; i < 9; i++) queue.push(chunk(256 * 1024));
  for await (const _ of queue) break;
  expect(source.calls).toEqual(['pause', 'resume']);
  for (let i = 0; i < 9; i++) queue.push(chunk(256 * 1024));
  expect(source.calls).toEqual(['pause', 'resume']);
});

import { describe, expect, test } from '@jest/globals';
import { createProgressQueue } from './progress-queue.ts';

async function readAll<Event>(events: AsyncIterable<Event>): Promise<Event[]> {
  const all: Event[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe('createProgressQueue', () => {
  test('gives out events in order, and ends', async () => {
    const queue = createProgressQueue<number>();
    const reading = readAll(queue.read());
    queue.push('a', 1);
    await Promise.resolve();
    queue.push('b', 2);
    queue.push('c', 3);
    queue.end();
    expect(await reading).toEqual([1, 2, 3]);
  });

  test('keeps only the latest event of a key for a slow reader, in its place', async () => {
    const queue = createProgressQueue<string>();
    for (let bytes = 0; bytes < 1000; bytes++) queue.push('layer', `layer ${bytes}`);
    queue.push('other', 'other');
    queue.push('layer', 'layer done');
    queue.end();
    expect(await readAll(queue.read())).toEqual(['layer done', 'other']);
  });
});

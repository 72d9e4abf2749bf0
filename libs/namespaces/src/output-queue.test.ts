import { expect, test } from '@jest/globals';
import { createOutputQueue } from './output-queue.ts';

function createSource() {
  const calls: string[] = [];
  return {
    calls,
    pause: () => void calls.push('pause'),
    resume: () => void calls.push('resume'),
    follow: (output: boolean) => void calls.push(output ? 'go on' : 'stop'),
  };
}

const position = (totalBytes: number) => ({ totalBytes, offsetBytes: totalBytes, file: 'a file' });

const chunk = (size: number) => ({ stream: 'stdout' as const, data: new Uint8Array(size) });

test('output comes in order, and the iteration ends after it', async () => {
  const queue = createOutputQueue(createSource(), null);
  queue.push({ stream: 'stdout', data: Buffer.from('a') });
  queue.push({ stream: 'stderr', data: Buffer.from('b') });
  queue.end();
  const seen: string[] = [];
  for await (const chunk of queue) {
    if (chunk.stream !== 'log') seen.push(`${chunk.stream} ${Buffer.from(chunk.data).toString()}`);
  }
  expect(seen).toEqual(['stdout a', 'stderr b']);
});

test('a consumer that waits gets what is pushed later', async () => {
  const queue = createOutputQueue(createSource(), null);
  const first = queue[Symbol.asyncIterator]().next();
  queue.push(chunk(3));
  expect((await first).value).toEqual(chunk(3));
});

test('the source is paused above the limit and goes on at half of it', async () => {
  const source = createSource();
  const queue = createOutputQueue(source, null);
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
  const queue = createOutputQueue(source, null);
  for (let i = 0; i < 9; i++) queue.push(chunk(256 * 1024));
  for await (const _ of queue) break;
  expect(source.calls).toEqual(['pause', 'resume']);
  for (let i = 0; i < 9; i++) queue.push(chunk(256 * 1024));
  expect(source.calls).toEqual(['pause', 'resume']);
});

test('a consumer that stalls lets the source go on without output, and gets a gap', async () => {
  const source = createSource();
  const queue = createOutputQueue(source, 5);
  for (let i = 0; i < 5; i++) queue.push(chunk(256 * 1024));
  while (source.calls.length < 3) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(source.calls).toEqual(['pause', 'stop', 'resume']);
  // What was under way still comes, and holds up nothing.
  for (let i = 0; i < 5; i++) queue.push(chunk(256 * 1024));
  queue.pushPosition(position(7));
  const iterator = queue[Symbol.asyncIterator]();
  for (let i = 0; i < 10; i++) expect((await iterator.next()).value?.stream).toBe('stdout');
  expect(source.calls).toEqual(['pause', 'stop', 'resume']);
  const gap = iterator.next();
  expect(source.calls).toEqual(['pause', 'stop', 'resume', 'go on']);
  queue.pushPosition(position(9));
  queue.push(chunk(2));
  expect((await gap).value).toEqual({ stream: 'log', from: position(7), to: position(9) });
  expect((await iterator.next()).value).toEqual(chunk(2));
  // It is as before.
  for (let i = 0; i < 5; i++) queue.push(chunk(256 * 1024));
  expect(source.calls.slice(4)).toEqual(['pause']);
});

test('a gap whose end nobody can tell goes to the end of the log', async () => {
  const queue = createOutputQueue(createSource(), null);
  queue.pushPosition(position(7));
  queue.end();
  const seen: unknown[] = [];
  for await (const chunk of queue) seen.push(chunk);
  expect(seen).toEqual([{ stream: 'log', from: position(7), to: null }]);
});

import { expect, test } from '@jest/globals';
import { untilAborted } from './until-aborted.ts';

async function* endless(): AsyncGenerator<number> {
  yield 1;
  yield 2;
  await new Promise(() => {});
}

test('items come until the signal is aborted, also when no further one comes', async () => {
  const abort = new AbortController();
  const got: number[] = [];
  for await (const item of untilAborted(endless(), abort.signal)) {
    got.push(item);
    if (item === 2) setImmediate(() => abort.abort());
  }
  expect(got).toEqual([1, 2]);
});

test('an aborted signal lets nothing come', async () => {
  const got: number[] = [];
  for await (const item of untilAborted(endless(), AbortSignal.abort())) got.push(item);
  expect(got).toEqual([]);
});

test('a stream that ends, ends', async () => {
  async function* two(): AsyncGenerator<number> {
    yield* [1, 2];
  }
  const got: number[] = [];
  for await (const item of untilAborted(two(), new AbortController().signal)) got.push(item);
  expect(got).toEqual([1, 2]);
});

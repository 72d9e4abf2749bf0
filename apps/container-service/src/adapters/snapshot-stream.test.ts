import { expect, test } from '@jest/globals';
import { PrepareSnapshotResponse, type PrepareSnapshotsRequest } from '@berth/proto/image';
import { createSnapshotStream } from './snapshot-stream.ts';

type Requests = AsyncIterable<Partial<PrepareSnapshotsRequest>>;

/** An image-service that answers with the key in upper case, fails for the key `bad`, and ends the call at the key `end`. */
function createFake() {
  const fake = {
    calls: 0,
    async *prepareSnapshots(requests: Requests) {
      fake.calls++;
      for await (const { request } of requests) {
        if (request?.key === 'end') throw new Error('ended');
        const snapshot = { key: request?.key?.toUpperCase() ?? '' };
        yield { prepared: request?.key === 'bad' ? undefined : PrepareSnapshotResponse.fromPartial({ snapshot }) };
      }
    },
  };
  return fake;
}

function open(signal: AbortSignal = new AbortController().signal) {
  const fake = createFake();
  const stream = createSnapshotStream(fake, signal);
  const prepare = async (key: string) => (await stream.prepare({ key, image: 'i' }))?.snapshot?.key ?? null;
  return { fake, prepare };
}

test('requests share one call, and each gets its own answer', async () => {
  const { fake, prepare } = open();
  expect(await Promise.all([prepare('a'), prepare('bad'), prepare('b')])).toEqual(['A', null, 'B']);
  expect(await prepare('c')).toBe('C');
  expect(fake.calls).toBe(1);
});

test('a call that ends answers all who wait, and the next request makes another', async () => {
  const { fake, prepare } = open();
  expect(await Promise.all([prepare('a'), prepare('end'), prepare('b')])).toEqual(['A', null, null]);
  expect(await prepare('c')).toBe('C');
  expect(fake.calls).toBe(2);
});

test('nothing is asked once the service stops', async () => {
  const { fake, prepare } = open(AbortSignal.abort());
  expect(await prepare('a')).toBeNull();
  expect(fake.calls).toBe(0);
});

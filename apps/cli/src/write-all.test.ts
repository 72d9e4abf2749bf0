import { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { writeAll } from './write-all.ts';

/** A reader that takes nothing until it is let go. */
function createStalled() {
  let letGo: () => void = () => {};
  const stream = new Writable({
    highWaterMark: 1,
    write: (_chunk, _encoding, done) => {
      letGo = done;
    },
  });
  return { stream, letGo: () => letGo() };
}

test('waits for a slow reader', async () => {
  const { stream, letGo } = createStalled();
  const written = writeAll(stream, 'data');
  setTimeout(letGo, 5);
  await expect(written).resolves.toBeUndefined();
});

test('a stalled reader does not keep whoever wants to leave', async () => {
  const leaving = new AbortController();
  const reason = new Error('detached');
  const written = writeAll(createStalled().stream, 'data', leaving.signal);
  leaving.abort(reason);
  await expect(written).rejects.toBe(reason);
});

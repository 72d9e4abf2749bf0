import { expect, test } from '@jest/globals';
import { abortable } from './abortable.ts';

test("a promise that fails when nobody waits any more is nobody's mistake", async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => void unhandled.push(reason);
  process.on('unhandledRejection', note);
  try {
    const failing = new Promise((_, reject) => setImmediate(reject, new Error('refused')));
    await expect(abortable(failing, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
    // A rejection is told after the turn in which it came.
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
    expect(unhandled).toEqual([]);
  } finally {
    process.off('unhandledRejection', note);
  }
});

import { expect, test } from '@jest/globals';
import { runRounds } from './round-robin.ts';

function createContestant(name: string, log: string[], measure: () => number) {
  return {
    name,
    measure: async () => {
      log.push(name);
      return measure();
    },
  };
}

test('contestants take turns, and warm-ups do not count', async () => {
  const log: string[] = [];
  let taken = 0;
  const contestants = [createContestant('a', log, () => ++taken), createContestant('b', log, () => 100)];
  const signal = new AbortController().signal;
  const samples = await runRounds(contestants, { runs: 2, warmups: 1, settleMs: 0, signal });
  expect(log.join('')).toBe('abbaab');
  expect(samples).toEqual([
    { name: 'a', milliseconds: [2, 3] },
    { name: 'b', milliseconds: [100, 100] },
  ]);
});

test('an abort ends the rounds', async () => {
  const controller = new AbortController();
  const contestant = createContestant('a', [], () => {
    controller.abort(new Error('enough'));
    return 1;
  });
  const rounds = runRounds([contestant], { runs: 9, warmups: 0, settleMs: 0, signal: controller.signal });
  await expect(rounds).rejects.toMatchObject({ name: 'AbortError' });
});

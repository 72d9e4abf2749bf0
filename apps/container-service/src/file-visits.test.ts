import { expect, test } from '@jest/globals';
import { createFileVisits } from './file-visits.ts';

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('a container is settled when all its visitors have left, those too who came meanwhile', async () => {
  const visits = createFileVisits();
  const first = visits.begin('c');
  visits.begin('other');
  let isSettled = false;
  const settled = visits.settled('c').then(() => (isSettled = true));
  const second = visits.begin('c');
  first[Symbol.dispose]();
  await later(5);
  expect(isSettled).toBe(false);
  second[Symbol.dispose]();
  await settled;
  await visits.settled('nobody');
});

test('whoever waits sends away those whose client stands still, and nobody else', async () => {
  const visits = createFileVisits({ stallMs: 20 });
  const stalled = visits.begin('c');
  const busy = visits.begin('c');
  stalled.setAwaiting(true);
  busy.setAwaiting(true);
  busy.setAwaiting(false);
  stalled.signal.addEventListener('abort', () => stalled[Symbol.dispose]());
  await later(60);
  expect(stalled.signal.aborted).toBe(false);
  const settled = visits.settled('c');
  await later(60);
  expect([stalled.signal.aborted, busy.signal.aborted]).toEqual([true, false]);
  busy[Symbol.dispose]();
  await settled;
});

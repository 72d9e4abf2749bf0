import { expect, test } from '@jest/globals';
import { createFault } from './fault.ts';

const POINTS = ['create:row', 'start:row'] as const;

test('crashes when a point is passed for the nth time', () => {
  let crashes = 0;
  const fault = createFault(POINTS, 'create:row:2', () => crashes++);
  fault('create:row');
  fault('start:row');
  expect(crashes).toBe(0);
  fault('create:row');
  fault('create:row');
  expect(crashes).toBe(1);
});

test.each(['nope:1', 'create:row', 'create:row:0', 'create:row:x'])('refuses the setting %s', (setting) => {
  expect(() => createFault(POINTS, setting, () => {})).toThrow('not a fault point and a count');
});

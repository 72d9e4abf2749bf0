import { expect, test } from '@jest/globals';
import { addCounts, countJest, countTap, formatCounts, withExitCode } from './count-tests.ts';

test('TAP lines are counted, with skips apart', () => {
  const output = 'TAP version 14\n1..4\nok 1 - a\nnot ok 2 - b\n# why\nok 3 - c # SKIP no such kernel\nok 4\nokay\n';
  expect(countTap(output)).toEqual({ passed: 2, failed: 1, skipped: 1 });
});

test('a file that jest could not load is a failure', () => {
  const json = JSON.stringify({
    numPassedTests: 3,
    numFailedTests: 0,
    numPendingTests: 1,
    numTodoTests: 0,
    numRuntimeErrorTestSuites: 1,
  });
  expect(countJest(json)).toEqual({ passed: 3, failed: 1, skipped: 1 });
});

test('a program that ended badly has failed even when it counted no failure', () => {
  expect(withExitCode({ passed: 2, failed: 0, skipped: 0 }, false).failed).toBe(1);
  expect(withExitCode({ passed: 2, failed: 2, skipped: 0 }, false).failed).toBe(2);
  expect(withExitCode({ passed: 2, failed: 0, skipped: 0 }, true).failed).toBe(0);
});

test('the closing line names skipped tests only when there are any', () => {
  expect(formatCounts({ passed: 2, failed: 0, skipped: 0 })).toBe('2 passed, 0 failed');
  const sum = addCounts([
    { passed: 2, failed: 0, skipped: 0 },
    { passed: 1, failed: 1, skipped: 3 },
  ]);
  expect(formatCounts(sum)).toBe('3 passed, 1 failed, 3 skipped');
});

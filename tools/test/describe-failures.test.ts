import { expect, test } from '@jest/globals';
import { describeFailures } from './describe-failures.ts';

const failed = (fullName: string, text: string) => ({ fullName, status: 'failed', failureMessages: [text] });
const file = (assertionResults: object[], message = '') =>
  JSON.stringify({ testResults: [{ name: '/w/apps/x/test/a.test.ts', status: 'failed', message, assertionResults }] });

test('a test that failed is told by its name, what was wrong and where', () => {
  const text = '\u001b[31mexpected 1\u001b[39m\n\nreceived 2\n    at a.test.ts:3\n    at jest.js:1\n    at jest.js:2';
  const passed = { fullName: 'fine', status: 'passed', failureMessages: [] };
  expect(describeFailures('jest', '', file([passed, failed('adds', text)]))).toEqual([
    'test/a.test.ts › adds\n  expected 1\n  received 2\n      at a.test.ts:3\n      at jest.js:1',
  ]);
});

test('where it was is told although the difference is long', () => {
  const text = `${'- line\n'.repeat(100)}    at a.test.ts:3`;
  const [told = ''] = describeFailures('jest', '', file([failed('compares', text)]));
  expect(told.split('\n')).toHaveLength(12);
  expect(told).toMatch(/at a\.test\.ts:3$/);
});

test('one cause of many failures is told once', () => {
  const [told, ...rest] = describeFailures('jest', '', file([failed('one', 'no engine'), failed('two', 'no engine')]));
  expect(told).toBe('test/a.test.ts › one\ntest/a.test.ts › two\n  no engine');
  expect(rest).toEqual([]);
});

test('a file that failed without a test says why', () => {
  expect(describeFailures('jest', '', file([], 'cannot find module'))).toEqual([
    'test/a.test.ts\n  cannot find module',
  ]);
});

test('of TAP the failures are told with what they say', () => {
  const log = '# build/plan\n1..3\nok 1 - a\nnot ok 2 - b\n# wanted 1\n# got 2\nok 3 - c\n# build/plan failed with 1\n';
  expect(describeFailures('tap', log, null)).toEqual(['  not ok 2 - b\n  # wanted 1\n  # got 2']);
});

test('what names no failure is told by its last lines', () => {
  const log = Array.from({ length: 50 }, (_, index) => `line ${index}`).join('\n');
  for (const kind of ['check', 'jest', 'tap'] as const) {
    expect(describeFailures(kind, log, null)[0]).toMatch(/^ {2}line 40\n[^]*line 49$/);
  }
});

test('of very many the first are told', () => {
  const many = Array.from({ length: 30 }, (_, index) => failed(`t${index}`, `wrong ${index}`));
  expect(describeFailures('jest', '', file(many))).toHaveLength(21);
  expect(describeFailures('jest', '', file(many)).at(-1)).toBe('and 10 more');
});

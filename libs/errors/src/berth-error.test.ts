import { expect, test } from '@jest/globals';
import { BerthError, isBerthError, toBerthError } from './berth-error.ts';

test('a reason decides the kind', () => {
  expect(new BerthError('IMAGE_NOT_FOUND', 'No such image: a:latest').kind).toBe('not_found');
});

test('an unexpected error becomes INTERNAL, and its text stays inside as the cause', () => {
  const bug = new TypeError('secret');
  const error = toBerthError(bug);
  expect([error.reason, error.cause, error.message.includes('secret')]).toEqual(['INTERNAL', bug, false]);
});

test('a BerthError stays what it is', () => {
  const error = new BerthError('ABORTED', 'x');
  expect(toBerthError(error)).toBe(error);
});

test('isBerthError looks at the reasons when some are given', () => {
  const error = new BerthError('ABORTED', 'x');
  expect([
    isBerthError(error),
    isBerthError(error, 'ABORTED', 'INTERNAL'),
    isBerthError(error, 'INTERNAL'),
    isBerthError(new Error('x')),
  ]).toEqual([true, true, false, false]);
});

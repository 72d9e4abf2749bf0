import { expect, test } from '@jest/globals';
import { parseTokenResponse } from './token-response.ts';

test.each([
  ['{"token":"t","expires_in":300}', { token: 't', lifetimeMs: 300_000 }],
  ['{"access_token":"t"}', { token: 't', lifetimeMs: 60_000 }],
  ['{"token":"t","access_token":"u","expires_in":1}', { token: 't', lifetimeMs: 60_000 }],
  ['{"token":"","access_token":"u"}', { token: 'u', lifetimeMs: 60_000 }],
  ['{"token":"t","expires_in":1e12}', { token: 't', lifetimeMs: 86_400_000 }],
  ['{"token":"t","expires_in":-5}', { token: 't', lifetimeMs: 60_000 }],
  ['{}', null],
  ['{"token":5}', null],
  ['{"token":"a\\r\\nX-Evil: 1"}', null],
  ['<html>', null],
  ['', null],
])('%s', (text, expected) => {
  expect(parseTokenResponse(text)).toEqual(expected);
});

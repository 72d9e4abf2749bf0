import { expect, test } from '@jest/globals';
import { toRegistryError } from './registry-error.ts';

const response = { subject: 'a:v1', repository: 'a', content: 'manifest' as const };
const body = (code: string, message?: string) => JSON.stringify({ errors: [{ code, message, detail: {} }] });

test.each([
  [
    404,
    body('MANIFEST_UNKNOWN', 'manifest unknown'),
    'MANIFEST_NOT_FOUND',
    'manifest for a:v1 not found: manifest unknown: manifest unknown',
  ],
  [
    404,
    body('NAME_UNKNOWN', 'repository name not known to registry'),
    'MANIFEST_NOT_FOUND',
    'repository a not found: name unknown: repository name not known to registry',
  ],
  [
    404,
    '<html>not here</html>',
    'MANIFEST_NOT_FOUND',
    'manifest for a:v1 not found: manifest unknown: manifest unknown',
  ],
  [
    401,
    body('UNAUTHORIZED', 'authentication required'),
    'REGISTRY_UNAUTHORIZED',
    "pull access denied for a, repository does not exist or may require 'docker login': unauthorized: authentication required",
  ],
  [
    403,
    body('DENIED', 'requested access to the resource is denied'),
    'REGISTRY_DENIED',
    "pull access denied for a, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
  ],
  [
    403,
    '',
    'REGISTRY_DENIED',
    "pull access denied for a, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
  ],
  [
    429,
    body('TOOMANYREQUESTS', 'You have reached your pull rate limit'),
    'REGISTRY_RATE_LIMITED',
    'toomanyrequests: You have reached your pull rate limit',
  ],
  [429, '', 'REGISTRY_RATE_LIMITED', 'toomanyrequests: toomanyrequests'],
  [503, '', 'REGISTRY_UNAVAILABLE', 'a:v1: unknown: the registry answered with status 503'],
  [418, '{"errors":[]}', 'REGISTRY_PROTOCOL', 'a:v1: unknown: the registry answered with status 418'],
  [400, body('NAME_INVALID'), 'REGISTRY_PROTOCOL', 'a:v1: name invalid: name invalid'],
])('status %i, %s', (status, text, reason, message) => {
  const error = toRegistryError({ ...response, status, body: text });
  expect([error.reason, error.message]).toEqual([reason, message]);
});

test('a blob that is not there is no manifest', () => {
  const error = toRegistryError({ ...response, content: 'blob', subject: 'a@sha256:1', status: 404, body: '' });
  expect([error.reason, error.message]).toEqual([
    'BLOB_NOT_FOUND',
    'blob of a@sha256:1 not found: blob unknown: blob unknown',
  ]);
});

test('what a registry writes cannot drive a terminal, nor fill it', () => {
  const { message } = toRegistryError({
    ...response,
    status: 400,
    body: body('X', `\u001b[2J\u202E${'y'.repeat(5000)}`),
  });
  expect(message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(message.length).toBeLessThan(600);
});

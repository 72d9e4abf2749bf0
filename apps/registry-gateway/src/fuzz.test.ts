import { expect } from '@jest/globals';
import { isBerthError } from '@berth/errors';
import { fuzz, hostileJson, hostileText, refused } from '@berth/testkit/fuzz';
import { parseAuthChallenges } from './auth-challenge.ts';
import { parseContentRange } from './content-range.ts';
import { parseErrorBody } from './registry-error.ts';
import { parseRetryAfter } from './retry-after.ts';
import { nextPage, parseTags } from './tag-list.ts';
import { parseTokenResponse } from './token-response.ts';

const ORIGIN = new URL('https://registry.example');

fuzz(
  'headers of a registry are read or left',
  hostileText(
    [
      'Bearer realm="https://a/b",service="c",scope="repository:a:pull,push"',
      'Basic realm="a \\" b", Negotiate, Digest a=b',
      'bytes 0-9/10',
      'Wed, 21 Oct 2026 07:28:00 GMT',
      '</v2/_catalog?last=a&n=5>; rel="next"',
    ],
    [
      '"',
      '\\',
      ',',
      '=',
      ' ',
      '\t',
      'Bearer',
      'realm',
      '<',
      '>',
      ';',
      'rel',
      'next',
      'bytes',
      '-',
      '/',
      '9'.repeat(17),
      'Wed, ',
    ],
  ),
  (header) => {
    for (const { scheme, parameters } of parseAuthChallenges([header, header])) {
      expect(scheme).toBe(scheme.toLowerCase());
      for (const name of parameters.keys()) expect(name).toBe(name.toLowerCase());
    }
    const range = parseContentRange(header);
    if (range !== null) expect([range.start <= range.end, Number.isSafeInteger(range.end)]).toEqual([true, true]);
    expect(parseRetryAfter(header, 0) ?? 0).toBeGreaterThanOrEqual(0);
    nextPage(header, ORIGIN);
  },
);

const BODIES = [
  { errors: [{ code: 'MANIFEST_UNKNOWN', message: 'a', detail: { Tag: 'b' } }] },
  { name: 'a', tags: ['latest', 'v1'] },
  { token: 'abc', access_token: 'd', expires_in: 300, issued_at: '2026-01-01T00:00:00Z', refresh_token: 'e' },
];

fuzz('bodies of a registry are read or refused', hostileJson(BODIES), (body) => {
  expect(parseErrorBody(body.toString())?.message ?? '').not.toMatch(/\p{Cc}/u);
  expect(parseTokenResponse(body.toString())?.lifetimeMs ?? 1).toBeGreaterThan(0);
  refused(
    () => parseTags(body, ORIGIN),
    (error) => isBerthError(error, 'REGISTRY_PROTOCOL'),
  );
});

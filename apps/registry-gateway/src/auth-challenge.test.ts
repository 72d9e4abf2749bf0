import { expect, test } from '@jest/globals';
import { parseAuthChallenges } from './auth-challenge.ts';

const parse = (...headers: string[]) =>
  parseAuthChallenges(headers).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

test.each([
  [
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/busybox:pull"',
    [
      [
        'bearer',
        {
          realm: 'https://auth.docker.io/token',
          service: 'registry.docker.io',
          scope: 'repository:library/busybox:pull',
        },
      ],
    ],
  ],
  ['Basic realm="Registry Realm"', [['basic', { realm: 'Registry Realm' }]]],
  ['BASIC Realm=simple', [['basic', { realm: 'simple' }]]],
  ['Bearer realm = "a" , service = "b"', [['bearer', { realm: 'a', service: 'b' }]]],
  [
    'Basic realm="a, b", Bearer realm="c"',
    [
      ['basic', { realm: 'a, b' }],
      ['bearer', { realm: 'c' }],
    ],
  ],
  [
    'Negotiate, Basic realm="x"',
    [
      ['negotiate', {}],
      ['basic', { realm: 'x' }],
    ],
  ],
  ['Bearer realm="say \\"hi\\"",error="invalid_token"', [['bearer', { realm: 'say "hi"', error: 'invalid_token' }]]],
  ['Bearer realm=https://a/token,service=b', [['bearer', { realm: 'https://a/token', service: 'b' }]]],
  [' , Basic', [['basic', {}]]],
  ['Bearer realm="unterminated', [['bearer', {}]]],
  ['', []],
  ['"', []],
])('reads %s', (header, expected) => {
  expect(parse(header).slice(0, expected.length)).toEqual(expected);
});

test('reads several headers', () => {
  expect(parse('Basic realm="a"', 'Bearer realm="b"').map(([scheme]) => scheme)).toEqual(['basic', 'bearer']);
});

test('is quick with hostile headers, and ignores endless ones', () => {
  const started = performance.now();
  parse(`Bearer ${'a="\\'.repeat(2000)}`, `Bearer realm="${'\\'.repeat(8000)}`, `Bearer ${' '.repeat(8000)}=`);
  expect(parse(`Bearer realm="${'x'.repeat(9000)}"`)).toEqual([]);
  expect(performance.now() - started).toBeLessThan(1000);
});

import { expect, test } from '@jest/globals';
import { compilePathPattern } from './path-match.ts';

// From the test table of Go's path.Match.
test.each([
  ['abc', 'abc', true],
  ['*', 'abc', true],
  ['*c', 'abc', true],
  ['a*', 'a', true],
  ['a*', 'ab/c', false],
  ['a*/b', 'abc/b', true],
  ['a*/b', 'a/c/b', false],
  ['a*b*c*d*e*/f', 'axbxcxdxexxx/f', true],
  ['a*b*c*d*e*/f', 'axbxcxdxexxx/fff', false],
  ['a*b?c*x', 'abxbbxdbxebxczzx', true],
  ['a*b?c*x', 'abxbbxdbxebxczzy', false],
  ['ab[c]', 'abc', true],
  ['ab[b-d]', 'abc', true],
  ['ab[e-g]', 'abc', false],
  ['ab[^c]', 'abc', false],
  ['ab[^e-g]', 'abc', true],
  ['a\\*b', 'a*b', true],
  ['a\\*b', 'ab', false],
  ['a?b', 'a☺b', true],
  ['a[^a]b', 'a☺b', true],
  ['a???b', 'a☺b', false],
  ['[a-ζ]*', 'α', true],
  ['*[a-ζ]', 'A', false],
  ['a?b', 'a/b', false],
  ['a*b', 'a/b', false],
  ['[\\]a]', ']', true],
  ['[\\-x]', '-', true],
  ['[x\\-]', 'z', false],
  ['*x', 'xxx', true],
  ['busybox:*', 'busybox:latest', true],
  ['**/app', 'team/app', true],
  ['**/app', 'host/team/app', false],
])('%s on %s is %p', (pattern, text, expected) => {
  expect(compilePathPattern(pattern)(text)).toBe(expected);
});

test.each(['[]a]', '[-]', '[x-]', '[-x]', '[^', '[^bc', 'a[', 'a\\', '[a-b-c]'])('refuses %s', (pattern) => {
  expect(() => compilePathPattern(pattern)).toThrow('syntax error in pattern');
});

test('many stars take no time that anybody notices', () => {
  expect(compilePathPattern(`${'a*'.repeat(200)}b`)('a'.repeat(2000))).toBe(false);
});

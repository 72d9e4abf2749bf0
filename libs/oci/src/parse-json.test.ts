import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { JSON_MAX_VALUES, parseJson } from './parse-json.ts';

const error = { reason: 'MANIFEST_INVALID', what: 'manifest' } as const;

function parse(text: string): unknown {
  return parseJson(new TextEncoder().encode(text), z.unknown(), error);
}

const listOf = (count: number, item: string): string => `[${Array<string>(count).fill(item).join(',')}]`;

test('a document has as many values as there is room for', () => {
  expect(parse(listOf(JSON_MAX_VALUES - 1, '0'))).toHaveLength(JSON_MAX_VALUES - 1);
});

test.each([
  ['numbers', listOf(JSON_MAX_VALUES, '0')],
  ['empty objects', listOf(JSON_MAX_VALUES / 2, '{}')],
  ['lists in lists', '['.repeat(JSON_MAX_VALUES) + ']'.repeat(JSON_MAX_VALUES)],
  ['values after a string that ends in a backslash', `["\\\\",${listOf(JSON_MAX_VALUES, '0')}]`],
])('too many values are refused before they are parsed: %s', (_name, text) => {
  expect(() => parse(text)).toThrow('manifest is invalid: more than 250000 values');
});

test('what is in strings counts for nothing', () => {
  const text = '[{,'.repeat(JSON_MAX_VALUES);
  expect(parse(JSON.stringify([`${text}"${text}\\`, text]))).toHaveLength(2);
});

test.each(['', '"', '"\\', '{"a', '[1', 'null,'])('what is no JSON is refused: %s', (text) => {
  expect(() => parse(text)).toThrow('manifest is invalid: not JSON');
});

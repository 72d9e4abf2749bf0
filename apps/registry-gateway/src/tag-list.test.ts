import { expect, test } from '@jest/globals';
import { nextPage, parseTags } from './tag-list.ts';

const url = new URL('https://r.test/v2/a/tags/list?n=2');

test.each([
  ['</v2/a/tags/list?last=b&n=2>; rel="next"', 'https://r.test/v2/a/tags/list?last=b&n=2'],
  ['<https://r.test/x>; rel=next', 'https://r.test/x'],
  ['<a>; rel="prev", <b>; rel="next"', 'https://r.test/v2/a/tags/b'],
  ['<a>; rel="prev"', undefined],
  ['', undefined],
])('after the link %j comes %s', (link, expected) => {
  expect(nextPage(link, url)?.href).toBe(expected);
});

test('tags are those of the page; an empty repository has none', () => {
  expect(parseTags(Buffer.from('{"name":"a","tags":["1","v2.0_x"]}'), url)).toEqual(['1', 'v2.0_x']);
  expect(parseTags(Buffer.from('{"name":"a","tags":null}'), url)).toEqual([]);
});

test.each(['<html>', '{"tags":["../../x"]}', '{"tags":["a\\u001b[31m"]}', '{"tags":1}'])('%s is no list', (text) => {
  expect(() => parseTags(Buffer.from(text), url)).toThrow('https://r.test answered with what is no list of tags');
});

test('what is too long is no list', () => {
  expect(() => parseTags(null, url)).toThrow('no list of tags');
});

import { expect, test } from '@jest/globals';
import { ellipsis, quote, shortId } from './text.ts';

test.each([
  ['plain', '"plain"'],
  ['say "hi" \\ é 漢', '"say \\"hi\\" \\\\ é 漢"'],
  ['\n\t\r\u0007\v', '"\\n\\t\\r\\a\\v"'],
  ['\u001b[0m\u007f', '"\\x1b[0m\\x7f"'],
  ['\u00a0\u200b', '"\\u00a0\\u200b"'],
  ['😀', '"😀"'],
])('quote(%j) is %s', (text, quoted) => {
  expect(quote(text)).toBe(quoted);
});

test.each([
  ['twenty characters...', 20, 'twenty characters...'],
  ["sh -c 'echo hello world'", 20, "sh -c 'echo hello w…"],
  ['/bin/"x" ü tést lønger than', 20, '/bin/"x" ü tést løn…'],
  ['漢字漢字漢字', 6, '漢字…'],
])('ellipsis(%j, %d) is %s', (text, columns, cut) => {
  expect(ellipsis(text, columns)).toBe(cut);
});

test('an id is shown without its algorithm', () => {
  expect(shortId(`sha256:${'ab'.repeat(32)}`)).toBe('abababababab');
  expect(shortId('cd'.repeat(32))).toBe('cdcdcdcdcdcd');
});

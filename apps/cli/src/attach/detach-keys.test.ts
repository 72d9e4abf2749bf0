import { expect, test } from '@jest/globals';
import { createDetachFilter, detachKeys, parseDetachKeys } from './detach-keys.ts';

test('keys are letters and control characters', () => {
  expect([...detachKeys({ env: {} }, undefined)]).toEqual([16, 17]);
  expect([...detachKeys({ env: {} }, '')]).toEqual([16, 17]);
  expect([...parseDetachKeys('a,ctrl-@,ctrl-[,ctrl-_')]).toEqual([97, 0, 27, 31]);
  expect(() => parseDetachKeys('ctrl-1')).toThrow('invalid detach keys');
});

function feed(...chunks: string[]) {
  const filter = createDetachFilter(Buffer.from('\x10\x11'));
  return chunks.map((chunk) => {
    const { bytes, detach } = filter(Buffer.from(chunk));
    return detach ? `${bytes.toString()}!` : bytes.toString();
  });
}

test.each([
  [['abc'], ['abc']],
  [['a\x10\x11b'], ['a!']],
  [
    ['a\x10', '\x11'],
    ['a', '!'],
  ],
  [
    ['\x10', 'x'],
    ['', '\x10x'],
  ],
  [
    ['\x10', '\x10', '\x11'],
    ['', '\x10', '!'],
  ],
  [['\x11\x10'], ['\x11']],
])('%j gives %j', (chunks, expected) => {
  expect(feed(...chunks)).toEqual(expected);
});

test('no keys, no detaching', () => {
  expect(createDetachFilter(Buffer.alloc(0))(Buffer.from('\x10\x11'))).toEqual({
    bytes: Buffer.from('\x10\x11'),
    detach: false,
  });
});

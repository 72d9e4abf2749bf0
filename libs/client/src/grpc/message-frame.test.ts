import { expect, test } from '@jest/globals';
import { createMessageReader, encodeMessage } from './message-frame.ts';

test('messages come out whole, however the bytes come in', () => {
  const sent = ['', 'one', 'x'.repeat(1000), ''];
  const bytes = Buffer.concat(sent.map((text) => encodeMessage(Buffer.from(text))));
  for (const size of [1, 3, 7, 100, bytes.length]) {
    const read = createMessageReader();
    const received: string[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      received.push(...read(bytes.subarray(at, at + size)).map(String));
    }
    expect(received).toEqual(sent);
  }
});

test.each(['0101000000', '00ffffffff'])('%s is refused', (hex) => {
  expect(() => createMessageReader()(Buffer.from(hex, 'hex'))).toThrow('gRPC');
});

import { expect, test } from '@jest/globals';
import { decodeHuffman } from './huffman.ts';

// RFC 7541, appendix C.4 and C.6.
test.each([
  ['f1e3c2e5f23a6ba0ab90f4ff', 'www.example.com'],
  ['a8eb10649cbf', 'no-cache'],
  ['25a849e95ba97d7f', 'custom-key'],
  ['25a849e95bb8e8b4bf', 'custom-value'],
  ['6402', '302'],
  ['aec3771a4b', 'private'],
  ['d07abe941054d444a8200595040b8166e082a62d1bff', 'Mon, 21 Oct 2013 20:13:21 GMT'],
  ['9d29ad171863c78f0b97c8e9ae82ae43d3', 'https://www.example.com'],
  ['', ''],
])('%s is %s', (hex, text) => {
  expect(decodeHuffman(Buffer.from(hex, 'hex')).toString()).toBe(text);
});

test.each([
  ['ff', 'padding of eight bits'],
  ['06', 'padding that is not all ones'],
  ['fffffffc', 'EOS'],
  ['ffffffffff', 'more ones than EOS has'],
])('%s is refused: %s', (hex) => {
  expect(() => decodeHuffman(Buffer.from(hex, 'hex'))).toThrow('HPACK');
});

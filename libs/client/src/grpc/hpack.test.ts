import { expect, test } from '@jest/globals';
import { decodeHeaders, encodeHeaders } from './hpack.ts';

test('what is encoded is decoded', () => {
  const fields: [string, string][] = [
    [':path', '/a'],
    ['long', 'x'.repeat(1000)],
    ['empty', ''],
  ];
  expect([...decodeHeaders(encodeHeaders(fields))]).toEqual(fields);
});

// RFC 7541, appendix C, those that need no dynamic table.
test.each([
  ['82', { ':method': 'GET' }],
  ['040c2f73616d706c652f70617468', { ':path': '/sample/path' }],
  ['100870617373776f726406736563726574', { password: 'secret' }],
  ['400a637573746f6d2d6b65790d637573746f6d2d686561646572', { 'custom-key': 'custom-header' }],
  [
    '828684418cf1e3c2e5f23a6ba0ab90f4ff',
    { ':method': 'GET', ':scheme': 'http', ':path': '/', ':authority': 'www.example.com' },
  ],
  ['2088', { ':status': '200' }],
])('%s', (hex, headers) => {
  expect(Object.fromEntries(decodeHeaders(Buffer.from(hex, 'hex')))).toEqual(headers);
});

test.each([
  ['be', 'an index behind the static table'],
  ['80', 'index 0'],
  ['3fe11f', 'a dynamic table'],
  ['0005', 'a cut-off name'],
  ['00', 'no name'],
  ['4f', 'a cut-off value'],
  ['ffffffffffffffffffff', 'an endless integer'],
])('%s is refused: %s', (hex) => {
  expect(() => decodeHeaders(Buffer.from(hex, 'hex'))).toThrow('HPACK');
});

// HPACK (RFC 7541) as far as a client needs it that has told its peer to keep no dynamic table: SETTINGS_HEADER_TABLE_SIZE is 0.
import { decodeHuffman } from './huffman.ts';

/** Header fields by lower-case name. Of fields with the same name the last counts. */
export type Headers = Map<string, string>;

/** RFC 7541, appendix A; the first entry has index 1. */
const STATIC_TABLE: readonly (readonly [name: string, value?: string])[] = [
  [':authority'],
  [':method', 'GET'],
  [':method', 'POST'],
  [':path', '/'],
  [':path', '/index.html'],
  [':scheme', 'http'],
  [':scheme', 'https'],
  [':status', '200'],
  [':status', '204'],
  [':status', '206'],
  [':status', '304'],
  [':status', '400'],
  [':status', '404'],
  [':status', '500'],
  ['accept-charset'],
  ['accept-encoding', 'gzip, deflate'],
  ['accept-language'],
  ['accept-ranges'],
  ['accept'],
  ['access-control-allow-origin'],
  ['age'],
  ['allow'],
  ['authorization'],
  ['cache-control'],
  ['content-disposition'],
  ['content-encoding'],
  ['content-language'],
  ['content-length'],
  ['content-location'],
  ['content-range'],
  ['content-type'],
  ['cookie'],
  ['date'],
  ['etag'],
  ['expect'],
  ['expires'],
  ['from'],
  ['host'],
  ['if-match'],
  ['if-modified-since'],
  ['if-none-match'],
  ['if-range'],
  ['if-unmodified-since'],
  ['last-modified'],
  ['link'],
  ['location'],
  ['max-forwards'],
  ['proxy-authenticate'],
  ['proxy-authorization'],
  ['range'],
  ['referer'],
  ['refresh'],
  ['retry-after'],
  ['server'],
  ['set-cookie'],
  ['strict-transport-security'],
  ['transfer-encoding'],
  ['user-agent'],
  ['vary'],
  ['via'],
  ['www-authenticate'],
];

/** Encodes fields as literals without indexing and without Huffman coding (RFC 7541, 6.2.2). */
export function encodeHeaders(fields: Iterable<readonly [name: string, value: string]>): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of fields) parts.push(Buffer.of(0), encodeString(name), encodeString(value));
  return Buffer.concat(parts);
}

function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([encodeInteger(bytes.length, 7), bytes]);
}

/** RFC 7541, 5.1, with all bits before the prefix zero. */
function encodeInteger(value: number, prefixBits: number): Buffer {
  const limit = 2 ** prefixBits - 1;
  if (value < limit) return Buffer.of(value);
  const bytes = [limit];
  let rest = value - limit;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** Decodes a whole header block. Throws when it is malformed or uses a dynamic table. */
export function decodeHeaders(block: Buffer): Headers {
  const headers: Headers = new Map();
  const reader = createReader(block);
  while (!reader.atEnd()) {
    const first = reader.peek();
    if (first & 0x80) {
      const [name, value = ''] = entry(reader.integer(7));
      headers.set(name, value);
    } else if ((first & 0xe0) === 0x20) {
      if (reader.integer(5) !== 0) throw new Error('HPACK: a dynamic table, although its size is 0');
    } else {
      const index = reader.integer(first & 0x40 ? 6 : 4);
      const name = index === 0 ? reader.string() : entry(index)[0];
      headers.set(name, reader.string());
    }
  }
  return headers;
}

function entry(index: number): readonly [name: string, value?: string] {
  const found = STATIC_TABLE[index - 1];
  if (!found) throw new Error(`HPACK: no entry ${index}`);
  return found;
}

function createReader(block: Buffer) {
  let position = 0;

  function peek(): number {
    const byte = block[position];
    if (byte === undefined) throw new Error('HPACK: the block is cut off');
    return byte;
  }

  function next(): number {
    const byte = peek();
    position += 1;
    return byte;
  }

  function integer(prefixBits: number): number {
    const limit = 2 ** prefixBits - 1;
    let value = next() & limit;
    if (value < limit) return value;
    for (let scale = 1; ; scale *= 128) {
      const byte = next();
      value += (byte & 0x7f) * scale;
      if (value > 0xffffffff) throw new Error('HPACK: an integer is too large');
      if (byte < 0x80) return value;
    }
  }

  function string(): string {
    const isHuffman = (peek() & 0x80) !== 0;
    const length = integer(7);
    if (position + length > block.length) throw new Error('HPACK: the block is cut off');
    const bytes = block.subarray(position, position + length);
    position += length;
    return (isHuffman ? decodeHuffman(bytes) : bytes).toString('latin1');
  }

  return { atEnd: () => position >= block.length, peek, integer, string };
}

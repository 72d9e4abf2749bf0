// The Huffman code of HPACK (RFC 7541, appendix B). It is canonical, so the lengths of the codes are all there is to know.

/** The length in bits of the code of each octet; the last is EOS. */
const CODE_LENGTHS = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
  28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6,
  5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23,
  22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22,
  23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26,
  20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27,
  27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
  27, 27, 27, 26, 30,
];
const EOS = 256;
const LONGEST = 30;

interface CodeTable {
  /** Symbols by code. */
  symbols: Uint16Array;
  /** Per length: the first code, and where its symbol stands in `symbols`. */
  firstCode: Uint32Array;
  firstIndex: Uint16Array;
  count: Uint16Array;
}

// Built when it is first needed, and by counting: nothing is compiled yet when a command starts.
let table: CodeTable | undefined;

function buildTable(): CodeTable {
  const built: CodeTable = {
    symbols: new Uint16Array(CODE_LENGTHS.length),
    firstCode: new Uint32Array(LONGEST + 1),
    firstIndex: new Uint16Array(LONGEST + 1),
    count: new Uint16Array(LONGEST + 1),
  };
  for (const bits of CODE_LENGTHS) built.count[bits] = (built.count[bits] ?? 0) + 1;
  const nextIndex = new Uint16Array(LONGEST + 1);
  let code = 0;
  let index = 0;
  for (let bits = 1; bits <= LONGEST; bits++) {
    built.firstCode[bits] = code;
    built.firstIndex[bits] = nextIndex[bits] = index;
    const count = built.count[bits] ?? 0;
    index += count;
    code = (code + count) * 2;
  }
  for (let symbol = 0; symbol < CODE_LENGTHS.length; symbol++) {
    const bits = CODE_LENGTHS[symbol] ?? LONGEST;
    const at = nextIndex[bits] ?? 0;
    built.symbols[at] = symbol;
    nextIndex[bits] = at + 1;
  }
  return built;
}

/** Decodes a Huffman-coded string literal. Throws when it is not one. */
export function decodeHuffman(coded: Uint8Array): Buffer {
  table ??= buildTable();
  const out: number[] = [];
  let code = 0;
  let bits = 0;
  for (const byte of coded) {
    for (let shift = 7; shift >= 0; shift--) {
      code = code * 2 + ((byte >> shift) & 1);
      bits += 1;
      if (bits > LONGEST) throw new Error('HPACK: no such Huffman code');
      const offset = code - (table.firstCode[bits] ?? 0);
      if (offset >= (table.count[bits] ?? 0)) continue;
      const symbol = table.symbols[(table.firstIndex[bits] ?? 0) + offset] ?? EOS;
      if (symbol === EOS) throw new Error('HPACK: EOS in a string');
      out.push(symbol);
      code = 0;
      bits = 0;
    }
  }
  // Padding is the beginning of EOS: ones, fewer than eight (RFC 7541, 5.2).
  if (bits > 7 || code !== 2 ** bits - 1) throw new Error('HPACK: bad Huffman padding');
  return Buffer.from(out);
}

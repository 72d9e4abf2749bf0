const ESCAPES: Record<string, string> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
};

/** Go's strconv.Quote. */
export function quote(text: string): string {
  let out = '"';
  for (const character of text) out += ESCAPES[character] ?? escapeUnprintable(character);
  return `${out}"`;
}

function escapeUnprintable(character: string): string {
  if (character === ' ' || !/[\p{C}\p{Z}]/u.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
}

/** Cuts a text to so many columns of a terminal, the last of them `…` when something was cut. */
export function ellipsis(text: string, columns: number): string {
  const characters = Array.from(text);
  const width = characters.reduce((sum, character) => sum + charWidth(character), 0);
  if (width <= columns) return text;
  let used = 0;
  const kept = characters.filter((character) => (used += charWidth(character)) <= columns - 1);
  return `${kept.join('')}…`;
}

function charWidth(character: string): number {
  return /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\uff01-\uff60\uffe0-\uffe6]/u.test(
    character,
  )
    ? 2
    : 1;
}

/** An id as docker shows it: 12 digits, without the algorithm. */
export function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12);
}

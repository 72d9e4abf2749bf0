// How a Dockerfile instruction is read: quotes, backslashes and variables, as BuildKit's frontend/dockerfile/shell has them.

/** The variables that are known, by name. */
export type Variables = ReadonlyMap<string, string>;

/** Splits at white space that no quote and no backslash keeps. The words are as they were written. */
export function splitWords(value: string): string[] {
  return value.match(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"']|["'])+/g) ?? [];
}

const PARTS = /'(?<single>[^']*)'|"(?<double>(?:[^"\\]|\\.)*)"|\\(?<escaped>.)|(?<lone>["'])|(?<plain>[^'"\\]+)/gs;
const VARIABLES =
  /\\(?<escaped>["$\\])|\$(?:(?<name>[A-Za-z_]\w*|\d)|\{(?<braced>[A-Za-z_]\w*|\d)(?:(?<operator>:?[-+])(?<other>[^}]*))?\})|(?<text>[\s\S])/g;
const NAMES: Readonly<Record<string, string>> = { '"': 'double-quote', "'": 'single-quote' };

/** What a word says: without its quotes, and with the values of its variables but in single quotes. Throws Error for a quote without an end. */
export function readWord(word: string, variables: Variables): string {
  return partsOf(word, PARTS).map(readPart).join('');

  function readPart({ single, escaped, lone, double, plain }: Parts): string {
    if (lone !== undefined) throw new Error(`unexpected end of statement while looking for matching ${NAMES[lone]}`);
    return single ?? escaped ?? expand(double ?? plain ?? '', variables);
  }
}

/** In what is not in single quotes. */
function expand(text: string, variables: Variables): string {
  return partsOf(text, VARIABLES)
    .map((parts) => parts.text ?? parts.escaped ?? valueOf(parts, variables))
    .join('');
}

function valueOf({ name, braced, operator = '', other = '' }: Parts, variables: Variables): string {
  const value = variables.get(name ?? braced ?? '');
  const isSet = operator.startsWith(':') ? Boolean(value) : value !== undefined;
  if (operator.endsWith('+')) return isSet ? expand(other, variables) : '';
  return isSet || operator === '' ? (value ?? '') : expand(other, variables);
}

type Parts = Readonly<Record<string, string | undefined>>;

function partsOf(text: string, pattern: RegExp): Parts[] {
  return [...text.matchAll(pattern)].map(({ groups }) => groups ?? {});
}

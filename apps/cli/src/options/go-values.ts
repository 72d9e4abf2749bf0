import { quote } from '../format/text.ts';

/** Parses what Go's strconv.ParseBool takes; undefined for anything else. */
export function parseBool(text: string): boolean | undefined {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
  return undefined;
}

/** Parses what Go's strconv.ParseInt(text, 0, 64) takes, as far as numbers here are exact; a string is its complaint. */
export function parseInteger(text: string): number | string {
  const match = /^([+-]?)(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|[0-9]+)$/.exec(text);
  const problem = (what: string) => `strconv.ParseInt: parsing ${quote(text)}: ${what}`;
  if (!match) return problem('invalid syntax');
  const digits = (match[2] ?? '').replace(/^0([0-7]+)$/, '0o$1');
  const value = Number(digits) * (match[1] === '-' ? -1 : 1);
  return Number.isSafeInteger(value) ? value : problem('value out of range');
}

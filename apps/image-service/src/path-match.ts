import { BerthError } from '@berth/errors';

/** What one place of a pattern stands for: any characters, or one that `fits`. */
type Token = '*' | ((character: string) => boolean);

/**
 * Compiles a pattern as Go's path.Match knows them (https://pkg.go.dev/path#Match): `*` and `?` stop at a slash, `[a-z]` and `[^a-z]` are
 * one character, a backslash takes the next one as it is. All of the text must match. Throws INVALID_ARGUMENT.
 */
export function compilePathPattern(pattern: string): (text: string) => boolean {
  const tokens = tokenize(Array.from(pattern));
  return (text) => matches(tokens, Array.from(text));
}

/**
 * A star takes as little as it can, and only the last one is ever given more: what an earlier one could take, it could as well. So the
 * time is bounded by the product of the lengths.
 */
function matches(tokens: readonly Token[], text: readonly string[]): boolean {
  let token = 0;
  let at = 0;
  let star = -1;
  let starEnd = 0;
  while (at < text.length || token < tokens.length) {
    const current = tokens[token];
    if (current === '*') {
      star = token++;
      starEnd = at;
    } else if (current !== undefined && at < text.length && current(text[at] as string)) {
      token++;
      at++;
    } else if (star >= 0 && starEnd < text.length && text[starEnd] !== '/') {
      token = star + 1;
      at = ++starEnd;
    } else {
      return false;
    }
  }
  return true;
}

function tokenize(pattern: readonly string[]): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length;) {
    const character = pattern[at] as string;
    if (character === '*') {
      tokens.push('*');
      at++;
    } else if (character === '?') {
      tokens.push((other) => other !== '/');
      at++;
    } else if (character === '[') {
      const { fits, end } = parseClass(pattern, at + 1);
      tokens.push(fits);
      at = end;
    } else {
      const { literal, end } = parseLiteral(pattern, at);
      tokens.push((other) => other === literal);
      at = end;
    }
  }
  return tokens;
}

function parseLiteral(pattern: readonly string[], start: number): { literal: string; end: number } {
  const at = pattern[start] === '\\' ? start + 1 : start;
  const literal = pattern[at];
  if (literal === undefined) throw malformed();
  return { literal, end: at + 1 };
}

function parseClass(pattern: readonly string[], start: number): { fits: (character: string) => boolean; end: number } {
  const isNegated = pattern[start] === '^';
  const ranges: [string, string][] = [];
  let at = isNegated ? start + 1 : start;
  while (pattern[at] !== ']' || ranges.length === 0) {
    if (pattern[at] === '-' || pattern[at] === ']') throw malformed();
    const low = parseLiteral(pattern, at);
    const high = pattern[low.end] === '-' ? parseHigh(pattern, low.end + 1) : low;
    ranges.push([low.literal, high.literal]);
    at = high.end;
  }
  const isInside = (character: string) => ranges.some(([low, high]) => low <= character && character <= high);
  return { fits: (character) => isInside(character) !== isNegated, end: at + 1 };
}

function parseHigh(pattern: readonly string[], at: number): { literal: string; end: number } {
  if (pattern[at] === '-' || pattern[at] === ']') throw malformed();
  return parseLiteral(pattern, at);
}

function malformed(): BerthError {
  return new BerthError('INVALID_ARGUMENT', 'syntax error in pattern');
}

import { TemplateError, type Position } from './ast.ts';

export type Token =
  | { kind: 'text'; text: string }
  | { kind: 'open' | 'close' | 'pipe' | 'paren-open' | 'paren-close' | 'comma' | 'space' }
  | { kind: 'assign'; declares: boolean }
  | { kind: 'string'; value: string }
  | { kind: 'number'; value: number }
  | { kind: 'word'; word: string; position: Position }
  | { kind: 'variable'; name: string }
  | { kind: 'field'; name: string; position: Position }
  | { kind: 'dot' };

/** Inside an action, in the order in which they are tried. */
const PATTERNS: readonly [RegExp, (match: string, position: Position) => Token][] = [
  [/^\s+/, () => ({ kind: 'space' })],
  [/^"(?:[^"\\\n]|\\.)*"/, (text) => ({ kind: 'string', value: unquote(text) })],
  [/^`[^`]*`/, (text) => ({ kind: 'string', value: text.slice(1, -1) })],
  [/^[+-]?\d+(?:\.\d+)?/, (text) => ({ kind: 'number', value: Number(text) })],
  [/^\.[\p{L}_][\p{L}\p{N}_]*/u, (text, position) => ({ kind: 'field', name: text.slice(1), position })],
  [/^\./, () => ({ kind: 'dot' })],
  [/^\$[\p{L}\p{N}_]*/u, (text) => ({ kind: 'variable', name: text })],
  [/^[\p{L}_][\p{L}\p{N}_]*/u, (text, position) => ({ kind: 'word', word: text, position })],
  [/^:?=/, (text) => ({ kind: 'assign', declares: text === ':=' })],
  [/^\|/, () => ({ kind: 'pipe' })],
  [/^\(/, () => ({ kind: 'paren-open' })],
  [/^\)/, () => ({ kind: 'paren-close' })],
  [/^,/, () => ({ kind: 'comma' })],
];

/** Cuts a template into text and the tokens of its actions; `{{-` and `-}}` have trimmed the text already. */
export function lexTemplate(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let trimNext = false;
  for (;;) {
    const open = source.indexOf('{{', at);
    let text = source.slice(at, open === -1 ? undefined : open);
    if (trimNext) text = text.trimStart();
    const trimBefore = open !== -1 && /^\{\{-\s/.test(source.slice(open, open + 4));
    if (trimBefore) text = text.trimEnd();
    if (text !== '') tokens.push({ kind: 'text', text });
    if (open === -1) return tokens;
    const start = open + (trimBefore ? 3 : 2);
    const end = source.slice(start).trimStart().startsWith('/*')
      ? skipComment(source, start)
      : lexAction(source, start, tokens);
    trimNext = end.trims;
    at = end.at;
  }
}

function skipComment(source: string, start: number): { at: number; trims: boolean } {
  const close = source.indexOf('*/', start);
  const end = /^\*\/(\s-)?\}\}/.exec(close === -1 ? '' : source.slice(close));
  if (!end) throw new TemplateError('template: :1: unclosed comment');
  return { at: close + end[0].length, trims: end[1] !== undefined };
}

function lexAction(source: string, start: number, tokens: Token[]): { at: number; trims: boolean } {
  tokens.push({ kind: 'open' });
  let at = start;
  for (;;) {
    const rest = source.slice(at);
    const end = /^(\s-)?\}\}/.exec(rest);
    if (end) {
      tokens.push({ kind: 'close' });
      return { at: at + end[0].length, trims: end[1] !== undefined };
    }
    const [match, token] = nextToken(rest, positionOf(source, at));
    tokens.push(token);
    at += match.length;
  }
}

function nextToken(rest: string, position: Position): [string, Token] {
  const line = position.split(':')[0] ?? '1';
  for (const [pattern, make] of PATTERNS) {
    const match = pattern.exec(rest)?.[0];
    if (match !== undefined) return [match, make(match, position)];
  }
  if (rest === '' || rest.startsWith('\n')) throw new TemplateError(`template: :${line}: unclosed action`);
  if (rest.startsWith('"')) throw new TemplateError(`template: :${line}: unterminated quoted string`);
  throw new TemplateError(`template: :${line}: unexpected ${JSON.stringify(rest[0])} in command`);
}

function positionOf(source: string, at: number): Position {
  const before = source.slice(0, at).split('\n');
  return `${before.length}:${before.at(-1)?.length ?? 0}`;
}

function unquote(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    throw new TemplateError(`template: :1: invalid string ${text}`);
  }
}

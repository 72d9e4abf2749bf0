// The functions of docker's templates (https://docs.docker.com/go/formatting/) and those of Go's that are used with them.
import { toGoJson, type Json } from '../format/json.ts';
import { TemplateError } from './ast.ts';
import { formatValue, typeNameOf } from './format-value.ts';
import { escapeHtml, escapeJs, escapeQuery } from './escape.ts';
import { emptyOf } from './go-map.ts';
import { formatPrintf } from './printf.ts';

/** What a template works on: JSON, and functions, which are methods. */
export type Value = unknown;

export type TemplateFunction = (...args: Value[]) => Value;

export const FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  // Go escapes what a row makes of itself, and nothing else.
  json: (value) => (hasOwnJson(value) ? toGoJson(value) : JSON.stringify(value ?? null)),
  join: (list, separator) => asList(list).map(formatValue).join(String(separator)),
  split: (text, separator) => String(text).split(String(separator)),
  lower: (text) => String(text).toLowerCase(),
  upper: (text) => String(text).toUpperCase(),
  title: (text) => String(text).replace(/(^|\s)\S/g, (letter) => letter.toUpperCase()),
  pad: (text, before, after) => (text === '' ? '' : spaces(before) + formatValue(text) + spaces(after)),
  truncate: (text, length) => Array.from(String(text)).slice(0, Number(length)).join(''),
  println: (...args) => `${args.map(formatValue).join(' ')}\n`,
  print: sprint,
  printf: (format, ...args) => formatPrintf(String(format), args),
  len: (value) => lengthOf(value),
  index: (value, ...keys) => keys.reduce(indexInto, value),
  slice,
  not: (value) => !isTrue(value),
  and: (...args) => args.find((value) => !isTrue(value)) ?? args.at(-1),
  or: (...args) => args.find(isTrue) ?? args.at(-1),
  eq: (first, ...others) => others.some((other) => other === first),
  ne: (a, b) => a !== b,
  lt: (a, b) => compare(a, b) < 0,
  le: (a, b) => compare(a, b) <= 0,
  gt: (a, b) => compare(a, b) > 0,
  ge: (a, b) => compare(a, b) >= 0,
  html: (...args) => escapeHtml(sprint(...args)),
  js: (...args) => escapeJs(sprint(...args)),
  urlquery: (...args) => escapeQuery(sprint(...args)),
  call: (value, ...args) => callValue(value, args),
};

/** Those that leave the head of a column as it is, so that `{{truncate .ID 2}}` is headed by its whole name. */
export const HEADER_FUNCTIONS: Readonly<Record<string, TemplateFunction>> = Object.fromEntries(
  ['json', 'join', 'split', 'lower', 'upper', 'title', 'truncate'].map((name) => [name, (head) => head]),
);

function hasOwnJson(value: Value): value is Json {
  return typeof value === 'object' && value !== null && 'toJSON' in value;
}

/** Whether Go's templates take a value as true: not the zero value of its type. */
export function isTrue(value: Value): boolean {
  if (value === null || value === undefined) return false;
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object') return Object.keys(value).length > 0;
  return value !== '' && value !== 0 && value !== false;
}

/** Go's fmt.Sprint: a space between two neighbours of which neither is a string. */
function sprint(...args: Value[]): string {
  return args.reduce<string>((text, value, index) => {
    const isApart = index > 0 && typeof value !== 'string' && typeof args[index - 1] !== 'string';
    return `${text}${isApart ? ' ' : ''}${formatValue(value)}`;
  }, '');
}

function callValue(value: Value, args: Value[]): Value {
  if (typeof value === 'function') return (value as TemplateFunction)(...args);
  if (value === null || value === undefined) throw new TemplateError('error calling call: call of nil');
  throw new TemplateError(`error calling call: non-function of type ${typeNameOf(value)}`);
}

function asList(value: Value): Value[] {
  if (!Array.isArray(value)) throw new TemplateError(`error calling join: ${formatValue(value)} is not a list`);
  return value;
}

function lengthOf(value: Value): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (value !== null && typeof value === 'object') return Object.keys(value).length;
  throw new TemplateError(`error calling len: len of ${formatValue(value)}`);
}

/** Of a string its characters, of a list its elements, from one index up to another. */
function slice(value: Value, ...ends: Value[]): Value {
  if (typeof value !== 'string' && !Array.isArray(value)) {
    throw new TemplateError(`error calling slice: can't slice item of type ${typeNameOf(value)}`);
  }
  const [first = 0, last = value.length, ...others] = ends.map(Number);
  const isWithin =
    Number.isInteger(first) && Number.isInteger(last) && first >= 0 && first <= last && last <= value.length;
  if (others.length > 0 || !isWithin)
    throw new TemplateError(`error calling slice: index out of range: ${ends.map(String).join(':')}`);
  return value.slice(first, last);
}

const MAX_SPACES = 1_000_000;

function spaces(count: Value): string {
  const number = Number(count);
  if (!(number >= 0 && number <= MAX_SPACES))
    throw new TemplateError(`error calling pad: no count of spaces: ${formatValue(count)}`);
  return ' '.repeat(number);
}

function indexInto(value: Value, key: Value): Value {
  if (Array.isArray(value)) {
    const index = Number(key);
    if (!(index >= 0 && index < value.length))
      throw new TemplateError(`error calling index: index out of range: ${index}`);
    return value[index] as Value;
  }
  if (value === null || typeof value !== 'object') throw new TemplateError('error calling index: index of untyped nil');
  const record = value as Record<string, Value>;
  return Object.hasOwn(record, String(key)) ? record[String(key)] : emptyOf(record);
}

function compare(a: Value, b: Value): number {
  if (typeof a !== typeof b || (typeof a !== 'number' && typeof a !== 'string')) {
    throw new TemplateError('incompatible types for comparison');
  }
  return a < (b as typeof a) ? -1 : a > (b as typeof a) ? 1 : 0;
}

// pflag's syntax (https://pkg.go.dev/github.com/spf13/pflag#hdr-Command_line_flag_syntax), with its texts.
import { quote } from '../format/text.ts';
import { parseBool, parseInteger } from './go-values.ts';
import type { Option, Options, OptionValues } from './option.ts';

export interface ParsedOptions<O extends Options> {
  values: OptionValues<O>;
  /** Options that were given, by name. */
  given: ReadonlySet<keyof O>;
  /** The arguments that are no options. */
  args: string[];
  /** `--help` or `-h` was there, in which case everything else is moot. */
  help: false | 'long' | 'short';
}

/** A mistake in the options. The command line shows `message`, the usage line and exits with 125. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
}

type Values = Record<string, boolean | string | number | string[] | undefined>;

/**
 * Parses a command's arguments. With `interspersed` options may stand between and after arguments; without, the first argument ends
 * them (`run`, `exec`). Throws OptionError.
 */
export function parseOptions<O extends Options>(
  options: O,
  argv: readonly string[],
  interspersed = true,
): ParsedOptions<O> {
  const state: ParserState = {
    options,
    argv,
    position: 0,
    values: emptyValues(options),
    given: new Set(),
    help: false,
  };
  const args: string[] = [];
  while (state.position < argv.length) {
    const word = argv[state.position++] ?? '';
    if (word === '--') {
      args.push(...argv.slice(state.position));
      break;
    }
    if (word.startsWith('--')) parseLong(state, word);
    else if (word.startsWith('-') && word.length > 1) parseShorts(state, word.slice(1));
    else {
      args.push(word);
      if (interspersed) continue;
      args.push(...argv.slice(state.position));
      break;
    }
  }
  return { values: state.values as OptionValues<O>, given: state.given, args, help: state.help };
}

interface ParserState {
  options: Options;
  argv: readonly string[];
  position: number;
  values: Values;
  given: Set<string>;
  help: false | 'long' | 'short';
}

function emptyValues(options: Options): Values {
  const values: Values = {};
  for (const [name, { kind, initially = false }] of Object.entries(options)) {
    if (kind === 'flag') values[name] = initially;
    else values[name] = kind === 'list' || kind === 'strings' ? [] : undefined;
  }
  return values;
}

function parseLong(state: ParserState, word: string): void {
  const equals = word.indexOf('=');
  const name = equals === -1 ? word.slice(2) : word.slice(2, equals);
  if (name === '' || name.startsWith('-')) throw new OptionError(`bad flag syntax: ${word}`);
  if (name === 'help') {
    state.help ||= 'long';
    return;
  }
  const option = Object.hasOwn(state.options, name) ? state.options[name] : undefined;
  if (!option) throw new OptionError(`unknown flag: --${name}`);
  if (equals !== -1) return assign(state, name, option, word.slice(equals + 1));
  if (option.kind === 'flag') return assign(state, name, option, 'true');
  if (state.position >= state.argv.length) throw new OptionError(`flag needs an argument: --${name}`);
  assign(state, name, option, state.argv[state.position++] ?? '');
}

/** `-it`, `-n3`, `-n=3`, `-n 3`: letters of flags, until one takes the rest as its value. */
function parseShorts(state: ParserState, letters: string): void {
  let rest = letters;
  while (rest !== '') {
    const letter = rest[0] ?? '';
    const found = Object.entries(state.options).find(([, { short }]) => short === letter);
    if (!found) {
      if (letter !== 'h') throw new OptionError(`unknown shorthand flag: '${letter}' in -${rest}`);
      state.help ||= 'short';
      rest = rest.slice(1);
      continue;
    }
    const [name, option] = found;
    if (rest.length > 2 && rest[1] === '=') return assign(state, name, option, rest.slice(2));
    if (option.kind !== 'flag') return assign(state, name, option, shortValue(state, rest));
    assign(state, name, option, 'true');
    rest = rest.slice(1);
  }
}

function shortValue(state: ParserState, rest: string): string {
  if (rest.length > 1) return rest.slice(1);
  if (state.position >= state.argv.length) throw new OptionError(`flag needs an argument: '${rest[0]}' in -${rest}`);
  return state.argv[state.position++] ?? '';
}

function assign(state: ParserState, name: string, option: Option, text: string): void {
  const problem = option.check?.(text) ?? setValue(state.values, option.aliasOf ?? name, option, text);
  if (problem !== undefined) {
    const shown = option.short ? `-${option.short}, --${name}` : `--${name}`;
    throw new OptionError(`invalid argument ${quote(text)} for "${shown}" flag: ${problem}`);
  }
  state.given.add(option.aliasOf ?? name);
}

function setValue(values: Values, name: string, { kind }: Option, text: string): string | undefined {
  switch (kind) {
    case 'flag': {
      const value = parseBool(text);
      if (value === undefined) return `strconv.ParseBool: parsing ${quote(text)}: invalid syntax`;
      values[name] = value;
      return undefined;
    }
    case 'int': {
      const value = parseInteger(text);
      if (typeof value === 'string') return value;
      values[name] = value;
      return undefined;
    }
    case 'string':
      values[name] = text;
      return undefined;
    case 'list':
    case 'strings': {
      const before = (values[name] ?? []) as string[];
      values[name] = [...before, ...(kind === 'strings' ? text.split(',') : [text])];
      return undefined;
    }
  }
}

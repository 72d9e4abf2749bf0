// The block of options in a help text, laid out as pflag's FlagUsagesWrapped does.
import type { Option, Options } from './option.ts';

const VALUE_NAMES: Record<Option['kind'], string> = {
  flag: '',
  string: 'string',
  int: 'int',
  list: 'list',
  strings: 'strings',
};

/** Lays out options, one or more lines each, wrapped so that lines are shorter than `width`. */
export function formatOptionLines(options: Options, width: number): string {
  const rows = Object.entries(options)
    .filter(([, option]) => !option.hidden)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, option]) => ({ left: leftColumn(name, option), help: helpText(option) }));
  const column = Math.max(0, ...rows.map(({ left }) => left.length)) + 3;
  return rows.map(({ left, help }) => `${left.padEnd(column)}${wrap(column, width, help)}\n`).join('');
}

function leftColumn(name: string, option: Option): string {
  const names = option.short ? `  -${option.short}, --${name}` : `      --${name}`;
  const valueName = option.valueName ?? VALUE_NAMES[option.kind];
  return valueName === '' ? names : `${names} ${valueName}`;
}

function helpText({ help, initially, defaultText = initially ? 'true' : undefined }: Option): string {
  return defaultText === undefined ? help : `${help} (default ${defaultText})`;
}

/** pflag's wrap: breaks at spaces, and takes a little more than the width when the last line would be very short. */
function wrap(indent: number, width: number, text: string): string {
  const slop = 5;
  const newline = `\n${' '.repeat(indent)}`;
  const room = width - indent;
  if (room < 24) return text.replaceAll('\n', newline);
  let [line, rest] = split(room - slop, slop, text);
  let out = line.replaceAll('\n', newline);
  while (rest !== '') {
    [line, rest] = split(room - slop, slop, rest);
    out += newline + line.replaceAll('\n', newline);
  }
  return out;
}

function split(size: number, slop: number, text: string): [line: string, rest: string] {
  if (size + slop > text.length) return [text, ''];
  const space = lastIndexOfAny(text.slice(0, size), ' \t\n');
  if (space <= 0) return [text, ''];
  const newline = text.lastIndexOf('\n', size - 1);
  const at = newline > 0 && newline < space ? newline : space;
  return [text.slice(0, at), text.slice(at + 1)];
}

function lastIndexOfAny(text: string, characters: string): number {
  return Math.max(...Array.from(characters, (character) => text.lastIndexOf(character)));
}

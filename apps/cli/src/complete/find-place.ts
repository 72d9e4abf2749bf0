import type { Command } from '../command.ts';
import { findCommand, GROUPS } from '../command-table.ts';
import type { Option, Options } from '../options/option.ts';

/** What the word that is being typed is to be. */
export type Place =
  | { readonly kind: 'command'; readonly group: string | null }
  | { readonly kind: 'option'; readonly options: Options }
  | { readonly kind: 'value'; readonly option: string; readonly prefix: string }
  | { readonly kind: 'argument'; readonly path: string; readonly placeholder: string };

/** Tells what comes after these words, where `current` is begun; null where only the user knows. */
export async function findPlace(words: readonly string[], current: string): Promise<Place | null> {
  const [first, second] = words;
  if (first === undefined) return { kind: 'command', group: null };
  const isGroup = GROUPS.some(({ name }) => name === first);
  if (isGroup && second === undefined) return { kind: 'command', group: first };
  const path = isGroup ? `${first} ${second}` : first;
  const entry = findCommand(path);
  if (!entry) return null;
  const { command } = await entry.load();
  return placeIn(command, path, { before: words.slice(isGroup ? 2 : 1), current });
}

function placeIn(command: Command, path: string, typed: { before: readonly string[]; current: string }): Place | null {
  const { options } = command;
  const { count, optionsEnded, open } = readWords(command, typed.before);
  if (open !== null) return { kind: 'value', option: open, prefix: '' };
  if (!optionsEnded && typed.current.startsWith('-')) {
    const [, name = '', prefix] = /^--([^=]+)(=)/.exec(typed.current) ?? [];
    return prefix === undefined ? { kind: 'option', options } : { kind: 'value', option: name, prefix: `--${name}=` };
  }
  const placeholder = placeholderAt(command.usage, count);
  return placeholder === null ? null : { kind: 'argument', path, placeholder };
}

/** How many arguments there are, whether an option may follow, and the option whose value comes next. */
function readWords({ options, interspersed = true }: Command, words: readonly string[]) {
  let count = 0;
  let optionsEnded = false;
  let open: string | null = null;
  for (const word of words) {
    if (open !== null) open = null;
    else if (!optionsEnded && word === '--') optionsEnded = true;
    else if (!optionsEnded && word.startsWith('-') && word !== '-') open = optionWithoutValue(options, word);
    else {
      count++;
      optionsEnded ||= !interspersed;
    }
  }
  return { count, optionsEnded, open };
}

/** `--name`, `-n` and `-itn` of an option that has its value in the next word. */
function optionWithoutValue(options: Options, word: string): string | null {
  const takesValue = ([, { kind }]: [string, Option]) => kind !== 'flag';
  const all = Object.entries(options);
  if (word.startsWith('--')) return all.filter(takesValue).find(([name]) => name === word.slice(2))?.[0] ?? null;
  const letters = [...word.slice(1)];
  const named = letters.map((letter) => all.find(([, { short }]) => short === letter));
  const at = named.findIndex((option) => option === undefined || takesValue(option));
  return at === letters.length - 1 ? (named[at]?.[0] ?? null) : null;
}

/** `CONTAINER` of `[OPTIONS] CONTAINER [CONTAINER...]`; the last one of a usage may repeat. */
function placeholderAt(usage: string, index: number): string | null {
  const words = (usage.split('\n')[0] ?? '').split(' ').filter((word) => word !== '' && word !== '[OPTIONS]');
  const last = words.at(-1);
  const word = words[index] ?? (last?.endsWith('...]') ? last : undefined);
  return (
    word
      ?.replace(/[[\]]|\.\.\./g, ' ')
      .trim()
      .split(/[: |]/)[0] ?? null
  );
}

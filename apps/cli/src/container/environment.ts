import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../context.ts';

/** Tells what is wrong with the value of `-e`. */
export function checkEnvironment(value: string): string | undefined {
  return value === '' || value.startsWith('=') ? `invalid environment variable: ${value}` : undefined;
}

/** Tells what is wrong with the value of `--label`. */
export function checkLabel(value: string): string | undefined {
  return value === '' || value.startsWith('=') ? `invalid label '${value}': empty name` : undefined;
}

/** The variables of `--env-file` and `-e`; a name alone takes the value that we have, or removes the image's. */
export function collectEnvironment(
  context: CommandContext,
  files: readonly string[],
  values: readonly string[],
): string[] {
  const fromFiles = files.flatMap((file) => readPairs(context, file, 'environment'));
  // In a file, a name that we do not have either is left out.
  const known = fromFiles.map((pair) => withValue(context, pair)).filter((pair) => pair.includes('='));
  return [...known, ...values.map((pair) => withValue(context, pair))];
}

/** The labels of `--label-file` and `--label`; the last of a name counts. */
export function collectLabels(
  context: CommandContext,
  files: readonly string[],
  values: readonly string[],
): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const pair of [...files.flatMap((file) => readPairs(context, file, 'label')), ...values]) {
    const equals = pair.indexOf('=');
    if (equals === -1) labels[pair] = '';
    else labels[pair.slice(0, equals)] = pair.slice(equals + 1);
  }
  return labels;
}

function withValue({ env }: CommandContext, pair: string): string {
  const value = env[pair];
  return pair.includes('=') || value === undefined ? pair : `${pair}=${value}`;
}

/** Reads lines `NAME=value`; empty lines and those that begin with `#` are skipped. */
function readPairs({ cwd }: CommandContext, file: string, what: 'environment' | 'label'): string[] {
  const text = read(resolve(cwd, file), file).replace(/^\ufeff/, '');
  return text
    .split(/\r?\n/)
    .map((line) => line.trimStart())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => checkPair(line, what));
}

function checkPair(line: string, what: string): string {
  const [name = ''] = line.split('=', 1);
  if (name === '') throw new CliError(`poorly formatted ${what}: no variable name on line '${line}'`);
  if (/\s/.test(name)) throw new CliError(`poorly formatted ${what}: variable '${name}' contains whitespaces`);
  return line;
}

function read(path: string, shown: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // As the user wrote it, not as we resolved it.
    (error as NodeJS.ErrnoException).path = shown;
    throw error;
  }
}

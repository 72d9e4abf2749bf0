import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CliError } from './cli-error.ts';
import type { CommandContext } from './context.ts';

/** What a user keeps in `config.json`, as Docker's users do; all of it is optional. */
export interface ConfigFile {
  /** The `--format` of `ps` when none is given. */
  readonly psFormat?: string;
  /** The `--format` of `images` when none is given. */
  readonly imagesFormat?: string;
  /** The `--detach-keys` of all commands when none are given. */
  readonly detachKeys?: string;
}

/** Reads `$BERTH_CONFIG/config.json`, or `~/.berth/config.json`. Nothing when there is none; a CliError when it cannot be read. */
export function readConfigFile({ env }: Pick<CommandContext, 'env'>): ConfigFile {
  const directory = env.BERTH_CONFIG || (env.HOME ? join(env.HOME, '.berth') : undefined);
  if (directory === undefined) return {};
  const path = join(directory, 'config.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return {};
    throw error;
  }
  return parse(path, text);
}

function parse(path: string, text: string): ConfigFile {
  try {
    const { psFormat, imagesFormat, detachKeys } = JSON.parse(text) as Record<string, unknown>;
    return {
      ...(typeof psFormat === 'string' ? { psFormat } : {}),
      ...(typeof imagesFormat === 'string' ? { imagesFormat } : {}),
      ...(typeof detachKeys === 'string' ? { detachKeys } : {}),
    };
  } catch (error) {
    throw new CliError(`Error loading config file: ${path}: ${(error as Error).message}`);
  }
}

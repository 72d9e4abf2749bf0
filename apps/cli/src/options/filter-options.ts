import { CliError } from '../cli-error.ts';

/** A filter as the engine takes it. */
export interface FilterOption {
  readonly key: string;
  readonly value: string;
}

/** The values of `--filter`. Throws a CliError in Docker's words for one without a `=`. */
export function parseFilterOptions(texts: readonly string[]): FilterOption[] {
  return texts
    .filter((text) => text !== '')
    .map((text) => {
      const equals = text.indexOf('=');
      if (equals === -1) {
        throw new CliError(`invalid argument "${text}" for "--filter" flag: invalid filter '${text}'`, 125);
      }
      return { key: text.slice(0, equals).trim().toLowerCase(), value: text.slice(equals + 1).trim() };
    });
}

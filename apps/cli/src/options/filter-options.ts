/** A filter as the engine takes it. */
export interface FilterOption {
  readonly key: string;
  readonly value: string;
}

/** The option `--filter`, which some commands have as `-f` too. */
export function filterOption(help: string) {
  return {
    kind: 'list',
    valueName: 'filter',
    help,
    check: (text: string) =>
      text === '' || text.includes('=') ? undefined : 'bad format of filter (expected name=value)',
  } as const;
}

/** The values of `--filter`, which were checked when they were given. */
export function parseFilterOptions(texts: readonly string[]): FilterOption[] {
  return texts
    .filter((text) => text !== '')
    .map((text) => {
      const equals = text.indexOf('=');
      return { key: text.slice(0, equals).trim().toLowerCase(), value: text.slice(equals + 1).trim() };
    });
}

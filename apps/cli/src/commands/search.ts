import type { SearchRepositoriesRequest } from '@berth/proto/registry';
import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import { connectRegistry } from '../engine/registry.ts';
import { formatRows } from '../format/rows.ts';
import { filterOption, parseFilterOptions, type FilterOption } from '../options/filter-options.ts';
import { SEARCH_FORMAT, searchRow } from '../registry/search-row.ts';

export const command = defineCommand({
  usage: '[OPTIONS] TERM',
  args: { exactly: 1 },
  options: {
    filter: { ...filterOption('Filter output based on conditions provided'), short: 'f' },
    format: { kind: 'string', help: 'Pretty-print search using a Go template' },
    limit: { kind: 'int', help: 'Max number of search results' },
    'no-trunc': { kind: 'flag', help: "Don't truncate output" },
  },
  async run(context, { options, args: [term = ''] }) {
    const { isAutomated, ...filters } = toFilters(parseFilterOptions(options.filter));
    using registry = connectRegistry(context);
    const request = { term, limit: options.limit ?? 0, ...filters };
    const { results } = await registry.client.searchRepositories(request, { signal: context.signal });
    // Docker's index tells no more what is automated, so nothing is.
    const shown = isAutomated ? [] : results;
    const rows = shown
      .toSorted((a, b) => b.starCount - a.starCount)
      .map((result) => searchRow(result, !options['no-trunc']));
    context.stdout.write(formatRows(rows, options.format, SEARCH_FORMAT));
    return 0;
  },
});

type Filters = Pick<SearchRepositoriesRequest, 'isOfficial' | 'minStarCount'> & { isAutomated: boolean };

function toFilters(filters: readonly FilterOption[]): Filters {
  let isAutomated = false;
  let isOfficial: boolean | undefined;
  let minStarCount = 0;
  for (const { key, value } of filters) {
    if (key === 'is-official') isOfficial = parseFlag(key, value);
    else if (key === 'is-automated') isAutomated = parseFlag(key, value);
    else if (key === 'stars') minStarCount = Math.max(minStarCount, parseStars(value));
    else throw new CliError(`Error response from daemon: invalid filter '${key}'`);
  }
  return { isAutomated, isOfficial, minStarCount };
}

function parseFlag(key: string, value: string): boolean {
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw new CliError(`Error response from daemon: invalid filter '${key}=[${value}]'`);
}

function parseStars(value: string): number {
  if (/^[+-]?\d{1,9}$/.test(value)) return Number(value);
  throw new CliError(
    `Error response from daemon: invalid filter 'stars=${value}': strconv.Atoi: parsing "${value}": invalid syntax`,
  );
}

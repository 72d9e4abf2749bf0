import type { SearchResult } from '@berth/proto/registry';
import { ellipsis } from '../format/text.ts';
import type { Row, RowFormat } from '../format/rows.ts';

export const SEARCH_FORMAT: RowFormat = {
  typeName: '*registry.searchContext',
  headers: {
    Description: 'DESCRIPTION',
    IsAutomated: 'AUTOMATED',
    IsOfficial: 'OFFICIAL',
    Name: 'NAME',
    StarCount: 'STARS',
  },
  columns: ['Name', 'Description', 'StarCount', 'IsOfficial'],
};

const DESCRIPTION_MAX = 45;

/** A repository as `search` shows it. */
export function searchRow({ name, description, starCount, isOfficial }: SearchResult, truncates: boolean): Row {
  return {
    Description: truncates ? ellipsis(description, DESCRIPTION_MAX) : description,
    // Docker shows it no more: nothing is.
    IsAutomated: '',
    IsOfficial: isOfficial ? '[OK]' : '',
    Name: name,
    StarCount: String(starCount),
  };
}

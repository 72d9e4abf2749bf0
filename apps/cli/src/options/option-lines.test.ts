import { expect, test } from '@jest/globals';
import { FORMAT_HELP } from '../format/format-help.ts';
import { formatOptionLines } from './option-lines.ts';
import type { Options } from './option.ts';

const OPTIONS: Options = {
  quiet: { kind: 'flag', short: 'q', help: 'Only display container IDs' },
  format: { kind: 'string', help: FORMAT_HELP.list },
  last: { kind: 'int', short: 'n', help: 'Show n last created containers (includes all states)', defaultText: '-1' },
  filter: { kind: 'list', short: 'f', valueName: 'filter', help: 'Filter output based on conditions provided' },
  'no-trunc': { kind: 'flag', help: "Don't truncate output" },
  secret: { kind: 'flag', hidden: true, help: '' },
};

// Recorded from `docker ps --help`, without the options that are not here.
const RECORDED = `\
  -f, --filter filter   Filter output based on conditions provided
      --format string   Format output using a custom template:
                        'table':            Print output in table format
                        with column headers (default)
                        'table TEMPLATE':   Print output in table format
                        using the given Go template
                        'json':             Print in JSON format
                        'TEMPLATE':         Print output using the given
                        Go template.
                        Refer to https://docs.docker.com/go/formatting/
                        for more information about formatting output with
                        templates
  -n, --last int        Show n last created containers (includes all
                        states) (default -1)
      --no-trunc        Don't truncate output
  -q, --quiet           Only display container IDs
`;

test('options are laid out as pflag does', () => {
  expect(formatOptionLines(OPTIONS, 79)).toBe(RECORDED);
});

test('a wide terminal needs no wrapping', () => {
  const lines = formatOptionLines({ last: OPTIONS.last as Options[string] }, 200);
  expect(lines).toBe('  -n, --last int   Show n last created containers (includes all states) (default -1)\n');
});

const TAIL =
  'Refer to https://docs.docker.com/go/formatting/ for more information about formatting output with templates';

/** What the help says about --format. */
export const FORMAT_HELP = {
  list: [
    'Format output using a custom template:',
    "'table':            Print output in table format with column headers (default)",
    "'table TEMPLATE':   Print output in table format using the given Go template",
    "'json':             Print in JSON format",
    "'TEMPLATE':         Print output using the given Go template.",
    TAIL,
  ].join('\n'),
  object: [
    'Format output using a custom template:',
    "'json':             Print in JSON format",
    "'TEMPLATE':         Print output using the given Go template.",
    TAIL,
  ].join('\n'),
};

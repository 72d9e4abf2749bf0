// Columns as Go's text/tabwriter makes them with docker's settings: minimum width 10, padding 3, no alignment flags.

const MIN_WIDTH = 10;
const PADDING = 3;

/** Aligns lines of tab-separated cells; columns have at least `minWidth` characters, 10 unless told. A column is as wide as its widest cell in a block of consecutive lines that have it. */
export function alignColumns(text: string, minWidth = MIN_WIDTH): string {
  const lines = text.split('\n').map((line) => line.split('\t'));
  const out: string[] = lines.map(() => '');
  alignFrom(lines, out, { column: 0, first: 0, end: lines.length, minWidth });
  return out.join('\n');
}

interface Range {
  column: number;
  first: number;
  end: number;
  minWidth: number;
}

/** Aligns the column, then what is right of it block by block. The last cell of a line ends no column. */
function alignFrom(lines: string[][], out: string[], range: Range): void {
  const { column, end, minWidth } = range;
  let line = range.first;
  while (line < end) {
    if (!hasColumn(lines[line], column)) {
      out[line] += lines[line]?.[column] ?? '';
      line += 1;
      continue;
    }
    const first = line;
    while (line < end && hasColumn(lines[line], column)) line += 1;
    const block = lines.slice(first, line);
    const width = Math.max(minWidth, ...block.map((cells) => displayLength(cells[column]) + PADDING));
    block.forEach((cells, index) => {
      const cell = cells[column] ?? '';
      out[first + index] += cell + ' '.repeat(width - displayLength(cell));
    });
    alignFrom(lines, out, { column: column + 1, first, end: line, minWidth });
  }
}

function hasColumn(cells: string[] | undefined, column: number): boolean {
  return cells !== undefined && column < cells.length - 1;
}

/** Code points: tabwriter counts each as one column. */
function displayLength(text = ''): number {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}

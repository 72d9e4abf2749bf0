// `--format` for lists: a table, JSON, or a template per row.
import { CliError } from '../cli-error.ts';
import { HEADER_FUNCTIONS } from '../template/functions.ts';
import { compileTemplate, TemplateError } from '../template/template.ts';
import { toGoJson, type Json } from './json.ts';
import { alignColumns } from './table.ts';

/** A row by docker's placeholders (`{{.Names}}`). A function is a method, and no part of the row's JSON. */
export type Row = Record<string, Json | ((argument: string) => string)>;

export interface RowFormat {
  /** Go's name of the row's type, for error texts. */
  typeName: string;
  /** The header of each placeholder. */
  headers: Record<string, string>;
  /** The placeholders of the default table, in order. */
  columns: string[];
  /** Before the text about a template that cannot be parsed, and that cannot be executed; absent: the same words for both. */
  complaints?: readonly [parsing: string, executing: string];
}

const COMPLAINTS = ['template parsing error', 'template parsing error'] as const;

/** Renders rows as `format` says; absent or `table`: the default table. Throws CliError for a bad template. */
export function formatRows(rows: readonly Row[], format: string | undefined, how: RowFormat): string {
  const { headers, columns, typeName, complaints: [parsing, executing] = COMPLAINTS } = how;
  if (format === undefined || format === '' || format === 'table') {
    const lines = rows.map((row) => columns.map((column) => String(row[column] ?? '')).join('\t'));
    return alignColumns([columns.map((column) => headers[column] ?? column).join('\t'), ...lines, ''].join('\n'));
  }
  if (format === 'json') return rows.map((row) => `${rowJson(row)}\n`).join('');
  const isTable = format.startsWith('table ');
  const source = unescape(isTable ? format.slice('table '.length) : format);
  const render = catchTemplate(parsing, () => compileTemplate(source, { typeName }));
  return catchTemplate(executing, () => {
    const lines = rows.map((row) => `${render(withJson(row))}\n`).join('');
    if (!isTable) return lines;
    const renderHead = compileTemplate(source, { typeName, functions: HEADER_FUNCTIONS });
    return alignColumns(`${renderHead(headerRow(headers))}\n${lines}`);
  });
}

/** In --format, the two characters `\t` are a tab and `\n` are a newline. */
export function unescape(format: string): string {
  return format.replaceAll('\\t', '\t').replaceAll('\\n', '\n');
}

/** Headers take the place of the values; `{{.Label "com.example.my-name"}}` is headed `my name`. */
function headerRow(headers: Record<string, string>): Row {
  return { ...headers, Label: (name) => (name.split('.').at(-1) ?? name).replace(/[-_]/g, ' ') };
}

function rowJson(row: Row): string {
  const fields = Object.entries(row).filter((entry): entry is [string, Json] => typeof entry[1] !== 'function');
  return toGoJson(Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** Gives `{{json .}}` what `json` gives. */
function withJson(row: Row): Row & { toJSON?: unknown } {
  const shown = { ...row };
  Object.defineProperty(shown, 'toJSON', { value: () => JSON.parse(rowJson(row)) as Json, enumerable: false });
  return shown;
}

function catchTemplate<T>(prefix: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof TemplateError) throw new CliError(`${prefix}: ${error.message}`);
    throw error;
  }
}

import { expect, test } from '@jest/globals';
import { CONTAINER_FORMAT } from '../container/container-row.ts';
import { formatRows, type Row, type RowFormat } from './rows.ts';

const FORMAT: RowFormat = {
  typeName: '*formatter.ContainerContext',
  headers: { ID: 'CONTAINER ID', Names: 'NAMES', State: 'STATE' },
  columns: ['ID', 'Names'],
};
const ROWS: Row[] = [
  { ID: 'a1', Names: 'web', State: '<up>', Label: (name) => `label ${name}` },
  { ID: 'c3', Names: 'a_long_name', State: 'down', Label: () => '' },
];

test.each([
  [undefined, 'CONTAINER ID   NAMES\na1             web\nc3             a_long_name\n'],
  ['table', 'CONTAINER ID   NAMES\na1             web\nc3             a_long_name\n'],
  ['table {{.Names}}\\t{{.ID}}', 'NAMES         CONTAINER ID\nweb           a1\na_long_name   c3\n'],
  [
    'table {{.ID}}\t{{.Label "com.example.my-name"}}',
    'CONTAINER ID   my name\na1             label com.example.my-name\nc3             \n',
  ],
  ['table {{truncate .Names 2}}\t{{lower .ID}}', 'NAMES     CONTAINER ID\nwe        a1\na_        c3\n'],
  ['{{.ID}}: {{.Names}}', 'a1: web\nc3: a_long_name\n'],
  ['{{.ID}}\\n{{upper .Names}}', 'a1\nWEB\nc3\nA_LONG_NAME\n'],
  ['json', '{"ID":"a1","Names":"web","State":"\\u003cup\\u003e"}\n{"ID":"c3","Names":"a_long_name","State":"down"}\n'],
  ['{{json .State}}', '"<up>"\n"down"\n'],
  [
    '{{json .}}',
    '{"ID":"a1","Names":"web","State":"\\u003cup\\u003e"}\n{"ID":"c3","Names":"a_long_name","State":"down"}\n',
  ],
])('%j', (format, text) => {
  expect(formatRows(ROWS, format, FORMAT)).toBe(text);
});

test('no rows are a header', () => {
  expect(formatRows([], undefined, FORMAT)).toBe('CONTAINER ID   NAMES\n');
  expect(formatRows([], '{{.ID}}', FORMAT)).toBe('');
});

// Recorded from docker 28.
test.each([
  ['{{.Foo}}', `:1:2: executing "" at <.Foo>: can't evaluate field Foo in type *formatter.ContainerContext`, 'execute'],
  ['{{', ':1: unclosed action', 'parse'],
])('%j is refused', (format, problem, act) => {
  expect(() => formatRows(ROWS, format, FORMAT)).toThrow(`template parsing error: template: ${problem}`);
  // The words of `ps`.
  expect(() => formatRows(ROWS, format, CONTAINER_FORMAT)).toThrow(`failed to ${act} template: template: ${problem}`);
});

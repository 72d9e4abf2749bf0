import { expect, test } from '@jest/globals';
import { alignColumns } from './table.ts';

test('columns are as wide as their widest cell and three more, at least ten', () => {
  expect(alignColumns('A\tB\tC\nlonger than ten\tb\tc\n')).toBe(
    'A                 B         C\nlonger than ten   b         c\n',
  );
});

test('the last cell is not padded', () => {
  expect(alignColumns('A\tLAST\nb\t\n')).toBe('A         LAST\nb         \n');
});

test('characters count, not bytes', () => {
  expect(alignColumns('tést lønger…\tx\nplain\ty\n')).toBe('tést lønger…   x\nplain          y\n');
});

test('a line without the column ends its block', () => {
  expect(alignColumns('a very long cell\t1\nno tab\nb\t2\n')).toBe('a very long cell   1\nno tab\nb         2\n');
});

test('lines may have different numbers of cells', () => {
  expect(alignColumns('a\tb\tc\nd\te\n')).toBe('a         b         c\nd         e\n');
});

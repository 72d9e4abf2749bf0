import { expect, test } from '@jest/globals';
import { formatTable } from './table.ts';

test('columns are as wide as their widest cell', () => {
  const table = formatTable(['start', 'p50'], [['floor', '9.1'], ['docker run', '625.0'], ['skipped']]);
  expect(table).toBe('start         p50\nfloor         9.1\ndocker run  625.0\nskipped');
});

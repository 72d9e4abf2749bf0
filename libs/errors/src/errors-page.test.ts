import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { REASONS } from './reasons.ts';

test('docs/errors.md explains every reason, with its kind, and no other', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/errors.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (\w+) \| (.*?) \|/gm)];
  expect(Object.fromEntries(rows.map(([, reason, kind]) => [reason, kind]))).toEqual(REASONS);
  for (const [, , , explanation] of rows) expect(explanation).not.toBe('');
});

import { REASONS } from '@berth/errors';
import { expect, test } from '@jest/globals';
import { STATUS_OF_KIND } from './status-mapping.ts';

test('every kind has a gRPC status of its own', () => {
  const kinds = new Set(Object.values(REASONS));
  const statuses = new Set([...kinds].map((kind) => STATUS_OF_KIND[kind]));
  expect(statuses.size).toBe(kinds.size);
});

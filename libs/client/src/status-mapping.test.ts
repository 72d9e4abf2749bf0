import { REASONS } from '@berth/errors';
import { expect, test } from '@jest/globals';
import { Status } from 'nice-grpc-common';
import { STATUS_OF_KIND, toClientError } from './status-mapping.ts';

test('every kind has a gRPC status of its own', () => {
  const kinds = new Set(Object.values(REASONS));
  const statuses = new Set([...kinds].map((kind) => STATUS_OF_KIND[kind]));
  expect(statuses.size).toBe(kinds.size);
});

test('a reason in the trailer gives the error back as it was thrown', () => {
  const call = { code: Status.NOT_FOUND, details: 'No such image: x:latest', reason: 'IMAGE_NOT_FOUND' };
  expect(toClientError(call, '/run/x.sock', null)).toMatchObject({
    reason: 'IMAGE_NOT_FOUND',
    message: 'No such image: x:latest',
  });
});

test.each([
  [Status.UNAVAILABLE, 'SERVICE_UNAVAILABLE'],
  [Status.UNIMPLEMENTED, 'UNIMPLEMENTED'],
  [Status.CANCELLED, 'CANCELLED'],
  [Status.UNKNOWN, 'INTERNAL'],
])("gRPC's own status %s without a reason is %s", (code, reason) => {
  const error = toClientError({ code, details: 'd', reason: undefined }, '/run/x.sock', null);
  expect(error.reason).toBe(reason);
  expect(error.message).toContain('/run/x.sock');
});

test('a reason of a newer service is not trusted blindly', () => {
  const call = { code: Status.UNKNOWN, details: 'd', reason: 'NEWER_THAN_THIS' };
  expect(toClientError(call, '/run/x.sock', null).reason).toBe('INTERNAL');
});

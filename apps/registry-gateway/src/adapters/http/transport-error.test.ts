import { expect, test } from '@jest/globals';
import { describeNetworkError } from './transport-error.ts';

const url = new URL('https://registry.test:5000/v2/a/manifests/v1');
const failed = (fields: object, message = 'failed') => Object.assign(new Error(message), fields);

test.each([
  [
    failed({ code: 'ECONNREFUSED', address: '10.0.0.1', port: 5000 }),
    'dial tcp 10.0.0.1:5000: connect: connection refused',
  ],
  [failed({ code: 'ECONNREFUSED', address: '::1', port: 5000 }), 'dial tcp [::1]:5000: connect: connection refused'],
  [
    failed({ code: 'EHOSTUNREACH', address: '10.0.0.1', port: 5000 }),
    'dial tcp 10.0.0.1:5000: connect: no route to host',
  ],
  [failed({ code: 'ENOTFOUND' }), 'dial tcp: lookup registry.test: no such host'],
  [failed({ code: 'EAI_AGAIN' }), 'dial tcp: lookup registry.test: temporary failure in name resolution'],
  [failed({ code: 'ECONNRESET' }, 'socket hang up'), 'EOF'],
  [failed({ code: 'ECONNRESET' }, 'read ECONNRESET'), 'connection reset by peer'],
  [failed({ code: 'EPROTO' }), 'http: server gave HTTP response to HTTPS client'],
  [
    failed({ code: 'CERT_HAS_EXPIRED' }, 'certificate has expired'),
    'tls: failed to verify certificate: x509: certificate has expired',
  ],
  [failed({}, 'odd'), 'odd'],
  [
    new AggregateError([failed({ code: 'ECONNREFUSED', address: '::1', port: 1 }), failed({})]),
    'dial tcp [::1]:1: connect: connection refused',
  ],
])('%s', (error, expected) => {
  expect(describeNetworkError(url, error)).toBe(`Get "https://registry.test:5000/v2/": ${expected}`);
});

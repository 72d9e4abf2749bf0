import { expect, test } from '@jest/globals';
import { registryEndpoints } from './registry-endpoint.ts';

const configured = ['registry.lan:5000', '10.0.0.0/8'];

test.each([
  ['docker.io', 'https://registry-1.docker.io'],
  ['quay.io', 'https://quay.io'],
  ['registry.example.com:8443', 'https://registry.example.com:8443'],
  ['localhost:5000', 'https://localhost:5000 http://localhost:5000'],
  ['127.0.0.1:5000', 'https://127.0.0.1:5000 http://127.0.0.1:5000'],
  ['[::1]:5000', 'https://[::1]:5000 http://[::1]:5000'],
  ['registry.lan:5000', 'https://registry.lan:5000 http://registry.lan:5000'],
  ['registry.lan', 'https://registry.lan'],
  ['10.2.3.4:5000', 'https://10.2.3.4:5000 http://10.2.3.4:5000'],
])('%s is asked at %s', (domain, expected) => {
  const endpoints = registryEndpoints(domain, configured);
  expect(endpoints.map(({ origin }) => origin.origin).join(' ')).toBe(expected);
  expect(endpoints.map(({ isInsecure }) => isInsecure)).toEqual(endpoints.map(() => endpoints.length > 1));
});

import { expect, test } from '@jest/globals';
import { registryEndpoints } from './registry-endpoint.ts';
import { checkTokenRealm } from './token-realm.ts';

function check(domain: string, realm: string, { hasCredentials = false, trustedHosts = [] as string[] } = {}): string {
  const endpoint = registryEndpoints(domain, ['registry.lan']).at(-1);
  if (endpoint === undefined) throw new Error('no endpoint');
  return checkTokenRealm({ realm, endpoint, hasCredentials, trustedHosts }).href;
}

test.each([
  ['docker.io', 'https://auth.docker.io/token'],
  ['ghcr.io', 'https://ghcr.io/token'],
  ['registry.gitlab.com', 'https://gitlab.com/jwt/auth'],
  ['registry.cn-hangzhou.aliyuncs.com', 'https://dockerauth.cn-hangzhou.aliyuncs.com/auth'],
  ['127.0.0.1:5000', 'http://127.0.0.1:5001/token'],
  ['registry.lan', 'http://registry.lan/token'],
])('%s may send credentials to %s', (domain, realm) => {
  expect(check(domain, realm, { hasCredentials: true })).toBe(realm);
});

test.each([
  ['registry.example.com', 'https://evil.com/token'],
  ['registry.co.uk', 'https://evil.co.uk/token'],
  ['example.com', 'https://evil.com/token'],
  ['10.0.0.5', 'https://11.0.0.5/token'],
  ['docker.io', 'https://docker.io.evil.com/token'],
  ['docker.io', 'https://evildocker.io/token'],
])('%s gets anonymous tokens only from %s, unless trusted', (domain, realm) => {
  const { host } = new URL(realm);
  expect(check(domain, realm)).toBe(realm);
  expect(() => check(domain, realm, { hasCredentials: true })).toThrow('credentials for');
  expect(check(domain, realm, { hasCredentials: true, trustedHosts: [host] })).toBe(realm);
});

test.each([
  ['quay.io', 'http://quay.io/token', 'the registry uses https'],
  ['quay.io', 'https://169.254.169.254/latest/meta-data', 'not a public service'],
  ['quay.io', 'https://[::ffff:169.254.169.254]/', 'not a public service'],
  ['quay.io', 'https://127.0.0.1/token', 'this host'],
  ['quay.io', 'https://localhost/token', 'this host'],
  ['quay.io', 'https://2130706433/token', 'this host'],
  ['quay.io', 'https://0.0.0.0/token', 'not a public service'],
  ['quay.io', 'file:///etc/passwd', 'not an http or https URL'],
  ['quay.io', 'https://user:password@quay.io/token', 'not an http or https URL'],
  ['quay.io', '', 'not an http or https URL'],
  ['127.0.0.1:5000', 'http://169.254.169.254/', 'not a public service'],
])('%s must not name %s', (domain, realm, why) => {
  expect(() => check(domain, realm)).toThrow(why);
});

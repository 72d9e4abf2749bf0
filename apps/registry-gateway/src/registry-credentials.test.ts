import { expect, test } from '@jest/globals';
import { parseDockerConfig } from './registry-credentials.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

test('reads what docker login writes', () => {
  const found = parseDockerConfig(
    JSON.stringify({
      auths: {
        'https://index.docker.io/v1/': { auth: base64('hub:secret') },
        'registry.example.com:5000': { auth: base64('user:pass:word\0\0') },
        'https://old.example.com/v2/': { username: 'u', password: 'p' },
        'token.example.com': { auth: base64('x:y'), identitytoken: 'refresh' },
        'bearer.example.com': { registrytoken: 'jwt' },
        'helper.example.com': {},
        'broken.example.com': { auth: base64('nocolon') },
      },
      credsStore: 'desktop',
    }),
  );
  expect(Object.fromEntries(found)).toEqual({
    'docker.io': { kind: 'password', username: 'hub', password: 'secret' },
    'registry.example.com:5000': { kind: 'password', username: 'user', password: 'pass:word' },
    'old.example.com': { kind: 'password', username: 'u', password: 'p' },
    'token.example.com': { kind: 'identity-token', token: 'refresh' },
    'bearer.example.com': { kind: 'registry-token', token: 'jwt' },
  });
});

test('knows nobody in a file without auths', () => {
  expect(parseDockerConfig('{}').size).toBe(0);
});

test.each(['', '[]', '{"auths":{"a":{"auth":5}}}'])('refuses %j', (text) => {
  expect(() => parseDockerConfig(text)).toThrow();
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readConfig } from './config.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync('/tmp/berth-');
  mkdirSync(join(root, 'etc'));
});
afterEach(() => rmSync(root, { recursive: true }));

const read = (env: NodeJS.ProcessEnv = {}) => readConfig({ env, root, stateDir: '/state' });
const write = (text: string) => writeFileSync(join(root, 'etc/registry-gateway.json'), text);

test('has defaults for all', () => {
  expect(read()).toEqual({
    insecureRegistries: [],
    tokenServers: {},
    maxConcurrentFetches: 6,
    connectTimeoutMs: 30_000,
    stallTimeoutMs: 60_000,
    partialMaxAgeMs: 86_400_000,
    credentialFiles: ['/state/credentials.json'],
  });
});

test('reads its file, and where docker keeps credentials', () => {
  write('{"insecureRegistries":["registry.lan:5000"],"stallTimeoutMs":500}');
  const config = read({ DOCKER_CONFIG: '/root/.docker' });
  expect(config).toMatchObject({ insecureRegistries: ['registry.lan:5000'], stallTimeoutMs: 500 });
  expect(config.credentialFiles).toEqual(['/state/credentials.json', '/root/.docker/config.json']);
});

test.each(['{', '{"insecureRegistry":[]}', '{"stallTimeoutMs":0}'])('refuses %s', (text) => {
  write(text);
  expect(() => read()).toThrow('registry-gateway.json is not a valid configuration');
});

test('a file that was named must be there', () => {
  expect(() => read({ BERTH_REGISTRY_CONFIG: join(root, 'missing.json') })).toThrow('ENOENT');
});

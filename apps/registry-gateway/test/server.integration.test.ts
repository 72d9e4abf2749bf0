import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createFileCredentialSource } from '../src/adapters/file-credential-source.ts';
import { createFileCredentialStore } from '../src/adapters/file-credential-store.ts';
import { reasonOf } from '../src/content-store.contract.ts';
import { createLogins } from '../src/logins.ts';
import { createSearchRepositories } from '../src/search-repositories.ts';
import { startHostileRegistry, type Answer } from './hostile-registry.ts';
import { createRegistryUnderTest, requestTo } from './registry-under-test.ts';

const never = new AbortController().signal;

async function collect(pages: AsyncIterable<readonly string[]>): Promise<string[]> {
  const tags: string[] = [];
  for await (const page of pages) tags.push(...page);
  return tags;
}

describe('the list of tags', () => {
  test('goes over all pages', async () => {
    await using registry = await startHostileRegistry(({ url }, response) => {
      const last = Number(new URL(url, 'http://x').searchParams.get('last') ?? 0);
      if (last < 4) response.setHeader('link', `</v2/a/tags/list?last=${last + 2}&n=2>; rel="next"`);
      response.end(JSON.stringify({ name: 'a', tags: [`t${last + 1}`, `t${last + 2}`] }));
    });
    using underTest = createRegistryUnderTest();
    expect(await collect(underTest.client.listTags(requestTo(registry.host)))).toEqual([
      't1',
      't2',
      't3',
      't4',
      't5',
      't6',
    ]);
  });

  test('is not looked for elsewhere', async () => {
    await using registry = await startHostileRegistry((_request, response) => {
      response.setHeader('link', `<http://169.254.169.254/latest>; rel="next"`);
      response.end('{"tags":["a"]}');
    });
    using underTest = createRegistryUnderTest();
    expect(await reasonOf(collect(underTest.client.listTags(requestTo(registry.host))))).toBe('REGISTRY_UNAVAILABLE');
  });

  test('of what is not there fails as a pull', async () => {
    await using registry = await startHostileRegistry();
    using underTest = createRegistryUnderTest();
    await expect(collect(underTest.client.listTags(requestTo(registry.host)))).rejects.toMatchObject({
      reason: 'MANIFEST_NOT_FOUND',
    });
  });
});

describe('a search', () => {
  const results = [
    { name: 'one', description: 'a\u001b[31mb', star_count: 7, is_official: true },
    { name: 'user/two', description: null, star_count: 3, is_official: false },
  ];
  const found: Answer = ({ url }, response) => {
    if (!url.startsWith('/v1/search?')) return false;
    return void response.end(JSON.stringify({ num_results: 2, results }));
  };
  const query = { limit: 0, isOfficial: null, minStarCount: 0 };

  test('asks for 25 unless told, and gives nothing that a terminal obeys', async () => {
    await using registry = await startHostileRegistry(found);
    using underTest = createRegistryUnderTest();
    const search = createSearchRepositories(underTest.server);
    const all = await search({ ...query, term: `${registry.host}/busy box` }, never);
    expect(all).toEqual([
      { name: 'one', description: 'a [31mb', starCount: 7, isOfficial: true },
      { name: 'user/two', description: '', starCount: 3, isOfficial: false },
    ]);
    expect(registry.seen.at(-1)?.url).toBe('/v1/search?q=busy+box&n=25');
    const filtered = { ...query, term: `${registry.host}/x`, isOfficial: false, limit: 100 };
    expect((await search(filtered, never)).map(({ name }) => name)).toEqual(['user/two']);
    const starred = { ...query, term: `${registry.host}/x`, minStarCount: 5 };
    expect((await search(starred, never)).map(({ name }) => name)).toEqual(['one']);
  });

  test('that a registry does not have is said so', async () => {
    await using registry = await startHostileRegistry();
    using underTest = createRegistryUnderTest();
    const search = createSearchRepositories(underTest.server);
    await expect(search({ ...query, term: `${registry.host}/x` }, never)).rejects.toMatchObject({
      reason: 'REGISTRY_REFUSED',
      message: `Unexpected status code 404: ${registry.host} has no search`,
    });
  });

  test.each([
    [{ term: 'x', limit: 101 }, 'limit 101 is outside the range of [1, 100]'],
    [{ term: 'https://r.test/x' }, 'repository name (https://r.test/x) should not have a scheme'],
  ])('refuses %j', async (change, message) => {
    using underTest = createRegistryUnderTest();
    const search = createSearchRepositories(underTest.server);
    await expect(search({ ...query, ...change }, never)).rejects.toThrow(message);
  });

  test('that gives something else is an error', async () => {
    await using registry = await startHostileRegistry((_request, response) => void response.end('{"results":[{}]}'));
    using underTest = createRegistryUnderTest();
    const search = createSearchRepositories(underTest.server);
    expect(await reasonOf(search({ ...query, term: `${registry.host}/x` }, never))).toBe('REGISTRY_PROTOCOL');
  });
});

describe('a login', () => {
  let dir: string;
  let path: string;
  beforeEach(() => {
    dir = mkdtempSync('/tmp/berth-');
    path = join(dir, 'credentials.json');
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const basic = `Basic ${Buffer.from('me:se:cret').toString('base64')}`;
  const locked: Answer = ({ url, authorization }, response) => {
    if (url !== '/v2/') return false;
    if (authorization === basic) response.end('{}');
    else response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
  };

  test('is kept when the registry takes it, beside what is in the file, and for root alone', async () => {
    await using registry = await startHostileRegistry(locked);
    using underTest = createRegistryUnderTest();
    writeFileSync(
      path,
      JSON.stringify({ other: 1, auths: { 'o.test': { auth: 'YTpi' }, [`https://${registry.host}/v2/`]: {} } }),
    );
    const logins = createLogins({ server: underTest.server, store: createFileCredentialStore(path) });
    await logins.login(`http://${registry.host}`, { username: 'me', password: 'se:cret' }, never);
    const source = createFileCredentialSource([path]);
    expect(await source.get(registry.host)).toEqual({ kind: 'password', username: 'me', password: 'se:cret' });
    expect(await source.get('o.test')).not.toBeNull();
    expect(Object.keys(JSON.parse(readFileSync(path, 'utf8')).auths)).toEqual(['o.test', registry.host]);
    expect(JSON.parse(readFileSync(path, 'utf8')).other).toBe(1);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await logins.logout(registry.host);
    await logins.logout(registry.host);
    expect(await source.get(registry.host)).toBeNull();
  });

  test('with a wrong password fails as in Docker, and keeps nothing', async () => {
    await using registry = await startHostileRegistry(locked);
    using underTest = createRegistryUnderTest();
    const logins = createLogins({ server: underTest.server, store: createFileCredentialStore(path) });
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(logins.login(registry.host, { username: 'me', password: 'x' }, never)).rejects.toMatchObject({
        reason: 'REGISTRY_UNAUTHORIZED',
        message: `login attempt to http://${registry.host}/v2/ failed with status: 401 Unauthorized`,
      });
    }
    expect(() => statSync(path)).toThrow('ENOENT');
  });

  test('at a token server asks for no repository', async () => {
    await using registry = await startHostileRegistry(({ url, authorization }, response) => {
      if (url.startsWith('/token')) {
        if (authorization === basic) response.end('{"token":"t"}');
        else response.writeHead(401).end();
      } else if (authorization === 'Bearer t') response.end('{}');
      else {
        const challenge = `Bearer realm="http://${registry.host}/token",service="s"`;
        response.writeHead(401, { 'www-authenticate': challenge }).end();
      }
    });
    using underTest = createRegistryUnderTest();
    const logins = createLogins({ server: underTest.server, store: createFileCredentialStore(path) });
    await logins.login(registry.host, { username: 'me', password: 'se:cret' }, never);
    expect(registry.seen[1]?.url).toBe('/token?service=s&account=me');
    await expect(logins.login(registry.host, { username: 'me', password: 'x' }, never)).rejects.toThrow(
      'unauthorized: incorrect username or password',
    );
  });

  test.each([
    ['a b', 'me', 'x'],
    ['r.test', '', 'x'],
    ['r.test', 'me', ''],
    ['r.test', 'm:e', 'x'],
  ])('at %s as %s with %s makes no sense', async (server, username, password) => {
    using underTest = createRegistryUnderTest();
    const logins = createLogins({ server: underTest.server, store: createFileCredentialStore(path) });
    expect(await reasonOf(logins.login(server, { username, password }, never))).toBe('INVALID_ARGUMENT');
  });
});

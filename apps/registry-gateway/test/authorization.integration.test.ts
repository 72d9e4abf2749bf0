import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { MEDIA_TYPES, sha256Digest } from '@berth/oci';
import { reasonOf } from '../src/content-store.contract.ts';
import type { RegistryCredentials } from '../src/registry-credentials.ts';
import { manifestAnswer, startHostileRegistry, type Answer, type HostileRegistry } from './hostile-registry.ts';
import { createRegistryUnderTest, requestTo } from './registry-under-test.ts';

const content = Buffer.from('{"schemaVersion":2}');
const digest = sha256Digest(content);
const user: RegistryCredentials = { kind: 'password', username: 'user', password: 'pass:word' };
const basic = `Basic ${Buffer.from('user:pass:word').toString('base64')}`;
const v1 = { tag: 'v1', digest: null };

let registry: HostileRegistry;
beforeEach(async () => {
  registry = await startHostileRegistry();
});
afterEach(async () => {
  await registry[Symbol.asyncDispose]();
});

/** Answers 401 until the request carries one of these. */
function requires(challenge: string | string[], ...accepted: string[]): Answer {
  return ({ url, authorization }, response) => {
    if (!url.startsWith('/v2/') || accepted.includes(authorization ?? '')) return false;
    response.writeHead(401, { 'www-authenticate': challenge }).end();
    return true;
  };
}

/** A token server at /token that gives `token-1`, `token-2` … */
function tokenServer(
  answer: (authorization: string | null, count: number) => unknown = (_, count) => ({ token: `token-${count}` }),
): Answer {
  let count = 0;
  return ({ url, authorization }, response) => {
    if (!url.startsWith('/token')) return false;
    const body = answer(authorization, ++count);
    response.writeHead(body === null ? 401 : 200).end(JSON.stringify(body));
    return true;
  };
}

const bearer = () => `Bearer realm="http://${registry.host}/token",service="test",scope="repository:a:pull"`;
const tokenRequests = () => registry.seen.filter(({ url }) => url.startsWith('/token'));

describe('a token server', () => {
  test('is asked once for many requests', async () => {
    registry.answers.push(
      requires(bearer(), 'Bearer token-1'),
      tokenServer(),
      manifestAnswer('v1', MEDIA_TYPES.ociManifest, content),
    );
    using underTest = createRegistryUnderTest();
    const resolves = Array.from({ length: 5 }, () => underTest.client.resolve(requestTo(registry.host), v1));
    expect((await Promise.all(resolves)).every(({ descriptor }) => descriptor.digest === digest)).toBe(true);
    await underTest.client.resolve(requestTo(registry.host), v1);
    expect(tokenRequests()).toEqual([
      {
        method: 'GET',
        url: '/token?service=test&scope=repository%3Aa%3Apull',
        authorization: null,
        range: null,
        body: '',
      },
    ]);
  });

  test('gets the credentials of the call, before those of the gateway', async () => {
    registry.answers.push(
      requires(bearer(), 'Bearer token-1'),
      tokenServer(),
      manifestAnswer('v1', MEDIA_TYPES.ociManifest, content),
    );
    using underTest = createRegistryUnderTest({ credentials: { [registry.host]: { ...user, username: 'own' } } });
    await underTest.client.resolve(requestTo(registry.host, { credentials: user }), v1);
    expect(tokenRequests()).toMatchObject([{ authorization: basic }]);
    expect(tokenRequests()[0]?.url).toContain('account=user');
  });

  test('gets no credentials of another account: tokens are not shared between accounts', async () => {
    registry.answers.push(
      requires(bearer(), 'Bearer token-1', 'Bearer token-2'),
      tokenServer(),
      manifestAnswer('v1', MEDIA_TYPES.ociManifest, content),
    );
    using underTest = createRegistryUnderTest();
    await underTest.client.resolve(requestTo(registry.host, { credentials: user }), v1);
    await underTest.client.resolve(requestTo(registry.host), v1);
    expect(tokenRequests().map(({ authorization }) => authorization)).toEqual([basic, null]);
  });

  test('that does not know GET is asked with POST', async () => {
    registry.answers.push(
      requires(bearer(), 'Bearer token'),
      ({ method, url }, response) => {
        if (!url.startsWith('/token')) return false;
        return void response.writeHead(method === 'POST' ? 200 : 405).end('{"access_token":"token"}');
      },
      manifestAnswer('v1', MEDIA_TYPES.ociManifest, content),
    );
    using underTest = createRegistryUnderTest();
    await underTest.client.resolve(requestTo(registry.host, { credentials: user }), v1);
    expect(Object.fromEntries(new URLSearchParams(tokenRequests()[1]?.body))).toMatchObject({
      grant_type: 'password',
      username: 'user',
      password: 'pass:word',
      service: 'test',
      scope: 'repository:a:pull',
    });
  });

  test('gets an identity token as a refresh token', async () => {
    registry.answers.push(
      requires(bearer(), 'Bearer token-1'),
      tokenServer(),
      manifestAnswer('v1', MEDIA_TYPES.ociManifest, content),
    );
    using underTest = createRegistryUnderTest({
      credentials: { [registry.host]: { kind: 'identity-token', token: 'refresh' } },
    });
    await underTest.client.resolve(requestTo(registry.host), v1);
    expect(tokenRequests()).toMatchObject([{ method: 'POST', authorization: null }]);
    expect(tokenRequests()[0]?.body).toContain('grant_type=refresh_token&refresh_token=refresh');
  });

  test('is asked again before a token ends, and when the registry does not take it any more', async () => {
    let nowMs = 0;
    registry.answers.push(
      requires(bearer(), 'Bearer token-1', 'Bearer token-2', 'Bearer token-4'),
      tokenServer(),
      manifestAnswer('v1', MEDIA_TYPES.ociManifest, content),
    );
    using underTest = createRegistryUnderTest({ now: () => nowMs });
    const resolve = () => underTest.client.resolve(requestTo(registry.host), v1);
    await resolve();
    nowMs = 40_000;
    await resolve();
    expect(tokenRequests().length).toBe(1);
    nowMs = 55_000;
    await resolve();
    expect(tokenRequests().length).toBe(2);
    nowMs = 200_000;
    await resolve();
    expect(tokenRequests().length).toBe(4);
  });

  test('that refuses the password says so', async () => {
    registry.answers.push(
      requires(bearer()),
      tokenServer(() => null),
    );
    using underTest = createRegistryUnderTest();
    await expect(underTest.client.resolve(requestTo(registry.host, { credentials: user }), v1)).rejects.toMatchObject({
      reason: 'REGISTRY_UNAUTHORIZED',
      message: 'unauthorized: incorrect username or password',
    });
  });

  test('whose tokens are not taken ends in a refusal, not in a loop', async () => {
    registry.answers.push(requires(bearer()), tokenServer());
    using underTest = createRegistryUnderTest();
    const resolving = underTest.client.resolve(requestTo(registry.host), v1);
    await expect(resolving).rejects.toThrow(
      `pull access denied for ${registry.host}/a, repository does not exist or may require 'docker login': unauthorized: authentication required`,
    );
    expect(registry.seen.length).toBeLessThan(15);
  });

  test.each(['<html>', '{}', '{"token":"a\\nb"}'])('that answers %s is no token server', async (body) => {
    registry.answers.push(requires(bearer()), (_request, response) => void response.end(body));
    using underTest = createRegistryUnderTest();
    expect(await reasonOf(underTest.client.resolve(requestTo(registry.host), v1))).toBe('REGISTRY_PROTOCOL');
  });

  test('that redirects is not followed', async () => {
    await using elsewhere = await startHostileRegistry(tokenServer());
    registry.answers.push(requires(bearer()), (_request, response) => {
      response.writeHead(302, { location: `http://${elsewhere.host}/token` }).end();
    });
    using underTest = createRegistryUnderTest();
    await reasonOf(underTest.client.resolve(requestTo(registry.host, { credentials: user }), v1));
    expect(elsewhere.seen).toEqual([]);
  });

  test("at the address of a cloud's metadata is refused", async () => {
    registry.answers.push(requires('Bearer realm="http://169.254.169.254/latest/meta-data"'));
    using underTest = createRegistryUnderTest();
    await expect(underTest.client.resolve(requestTo(registry.host), v1)).rejects.toMatchObject({
      reason: 'REGISTRY_PROTOCOL',
      message: expect.stringContaining('refusing the token server'),
    });
  });
});

describe('basic authentication', () => {
  test('sends user and password after the challenge, and then at once', async () => {
    registry.answers.push(requires('Basic realm="x"', basic), manifestAnswer('v1', MEDIA_TYPES.ociManifest, content));
    using underTest = createRegistryUnderTest({ credentials: { [registry.host]: user } });
    for (let count = 0; count < 2; count++) await underTest.client.resolve(requestTo(registry.host), v1);
    expect(registry.seen.map(({ authorization }) => authorization)).toEqual([null, basic, basic]);
  });

  test('without credentials says what Docker says', async () => {
    registry.answers.push(requires('Basic realm="x"'));
    using underTest = createRegistryUnderTest();
    await expect(underTest.client.resolve(requestTo(registry.host), v1)).rejects.toMatchObject({
      reason: 'REGISTRY_UNAUTHORIZED',
      message: `Get "http://${registry.host}/v2/": no basic auth credentials`,
    });
  });

  test('is second to bearer', async () => {
    registry.answers.push(
      requires(['Basic realm="x"', bearer()], 'Bearer token-1'),
      tokenServer(),
      manifestAnswer('v1', MEDIA_TYPES.ociManifest, content),
    );
    using underTest = createRegistryUnderTest({ credentials: { [registry.host]: user } });
    await underTest.client.resolve(requestTo(registry.host), v1);
    expect(registry.seen.at(-1)?.authorization).toBe('Bearer token-1');
  });

  test('by a scheme that nobody knows is refused', async () => {
    registry.answers.push(requires('Negotiate'));
    using underTest = createRegistryUnderTest({ credentials: { [registry.host]: user } });
    expect(await reasonOf(underTest.client.resolve(requestTo(registry.host), v1))).toBe('REGISTRY_UNAUTHORIZED');
  });
});

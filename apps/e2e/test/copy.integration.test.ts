import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connectService, type ServiceConnection } from '@berth/client';
import { writeTar, type TarEntry } from '@berth/oci';
import { ContainerServiceDefinition } from '@berth/proto/container';
import { createTemporaryDirectory, waitFor, type TemporaryDirectory } from '@berth/testkit';
import { expectNothingLeft } from './support/expect-nothing-left.ts';
import { useEngine } from './support/use-engine.ts';

const cli = useEngine();
let connection: ServiceConnection<typeof ContainerServiceDefinition>;
let host: TemporaryDirectory;
beforeAll(() => {
  connection = connectService(ContainerServiceDefinition, cli.engine.paths.socket('container-service'));
  host = createTemporaryDirectory();
});
afterAll(() => {
  connection.close();
  host[Symbol.dispose]();
});

async function copyFrom(container: string, path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const { part } of connection.client.copyFromContainer({ container, path })) {
    if (part?.$case === 'data') chunks.push(part.value);
  }
  return Buffer.concat(chunks);
}

/** The content of the one file in a tar. */
function contentOf(tar: Buffer): string {
  return execFileSync('tar', ['-xOf', '-'], { input: tar, encoding: 'utf8' });
}

async function copyTo(container: string, path: string, entries: readonly TarEntry[], keepOwner = true): Promise<void> {
  await connection.client.copyToContainer(
    (async function* () {
      const start = { container, path, noOverwriteDirectory: true, keepOwner };
      yield await Promise.resolve({ part: { $case: 'start' as const, value: start } });
      yield { part: { $case: 'data' as const, value: writeTar(entries) } };
    })(),
  );
}

describe.each(['running', 'stopped'])('a %s container', (state) => {
  beforeAll(async () => {
    const script = 'echo inside >/file; ln -s /file /link; ln -s /volume /way; sleep 1000';
    await cli.ok('run', '-d', '--name', state, '-v', '/volume', 'busybox', 'sh', '-c', script);
    await cli.ok('exec', state, 'sh', '-c', 'while ! [ -e /way ]; do sleep 0.01; done');
    if (state === 'stopped') await cli.ok('stop', '-t', '0', state);
  });
  afterAll(() => cli.ok('rm', '-fv', state));

  test('tells what lies at a path, and gives it', async () => {
    const stat = async (path: string, followLink = false) =>
      (await connection.client.statContainerPath({ container: state, path, followLink })).stat;
    expect(await stat('/link')).toMatchObject({ name: 'link', linkTarget: '/file' });
    expect(await stat('/link', true)).toMatchObject({ name: 'link', sizeBytes: 7n, linkTarget: '' });
    expect(contentOf(await copyFrom(state, '/file'))).toBe('inside\n');
    await expect(stat('/missing')).rejects.toMatchObject({
      reason: 'PATH_NOT_FOUND',
      message: `Could not find the file /missing in container ${state}`,
    });
    await expect(stat('/proc/self/root')).rejects.toMatchObject({ reason: 'PATH_NOT_FOUND' });
  });

  test('takes what is put into it, through its own links and into its volumes', async () => {
    await copyTo(state, '/way', [
      { path: 'dir/', type: 'directory' },
      { path: 'dir/new', content: 'put', uid: 7 },
    ]);
    expect(contentOf(await copyFrom(state, '/volume/dir/new'))).toBe('put');
    const stat = await connection.client.statContainerPath({ container: state, path: '/volume/dir/new' });
    expect(stat.stat?.sizeBytes).toBe(3n);
    await expect(copyTo(state, '/volume', [{ path: 'dir', content: 'x' }])).rejects.toMatchObject({
      reason: 'PATH_CONFLICT',
    });
    await expect(copyTo(state, '/file', [])).rejects.toMatchObject({ reason: 'PATH_CONFLICT' });
    for (const entry of [
      { path: '../out', content: 'x' },
      { path: 'out', type: 'hardlink', target: '../file' },
      { path: 'out', type: 'hardlink', target: '/file' },
    ] as const) {
      await expect(copyTo(state, '/volume', [entry])).rejects.toMatchObject({ reason: 'LAYER_INVALID' });
    }
  });
});

test('a copy between containers keeps extended attributes', async () => {
  for (const name of ['from', 'onto']) await cli.ok('create', '--name', name, 'busybox', 'true');
  const pax = { 'SCHILY.xattr.user.note': 'kept' };
  await copyTo('from', '/tmp', [{ path: 'a', content: 'x', pax }]);
  await cli.ok('cp', 'from:/tmp/a', 'onto:/tmp/b');
  expect((await copyFrom('onto', '/tmp/b')).toString('latin1')).toContain('SCHILY.xattr.user.note=kept\n');
  await cli.ok('rm', 'from', 'onto');
});

test('a copy that breaks off leaves no half of a file', async () => {
  await cli.ok('create', '--name', 'half', 'busybox', 'true');
  const whole = writeTar([
    { path: 'first', content: 'whole' },
    { path: 'second', content: 'x'.repeat(3_000_000) },
  ]);
  const stop = new AbortController();
  for (const end of [() => {}, () => stop.abort()]) {
    const copying = connection.client.copyToContainer(
      (async function* () {
        const start = { container: 'half', path: '/tmp', noOverwriteDirectory: true, keepOwner: true };
        yield await Promise.resolve({ part: { $case: 'start' as const, value: start } });
        yield { part: { $case: 'data' as const, value: whole.subarray(0, 2_000_000) } };
        await new Promise((resolve) => setTimeout(resolve, 100));
        end();
      })(),
      { signal: stop.signal },
    );
    await expect(copying).rejects.toThrow();
    const stat = (path: string) => connection.client.statContainerPath({ container: 'half', path });
    await waitFor(async () => (await stat('/tmp/second').catch(() => null)) === null, { what: 'the clean-up' });
    expect((await stat('/tmp/first')).stat?.sizeBytes).toBe(5n);
  }
  await cli.ok('rm', 'half');
});

test('links that a container swaps while files are copied lead nowhere outside of it', async () => {
  const secret = join(host.path, 'secret');
  mkdirSync(secret);
  writeFileSync(join(secret, 'file'), 'of the host');
  // What the path is on the host, made as a directory in the container, and swapped with a link all the time.
  const swap = `mkdir -p /a/real ${host.path}; echo own >/a/real/file; ln -s ${secret} /a/evil; ln -s ../../../../../../..${secret} /a/up
    mkdir -p /a/now; while :; do rm -rf /a/now; cp -a /a/evil /a/now; rm -rf /a/now; cp -a /a/up /a/now; rm -rf /a/now; cp -a /a/real /a/now; done`;
  await cli.ok('run', '-d', '--name', 'swapper', 'busybox', 'sh', '-c', swap);
  await cli.ok('exec', 'swapper', 'sh', '-c', 'while ! [ -e /a/now ]; do :; done');
  const outcomes = new Set<string>();
  for (let round = 0; round < 60; round++) {
    const tar = await copyFrom('swapper', '/a/now/file').catch(() => null);
    outcomes.add(tar === null ? 'nothing' : contentOf(tar));
    await copyTo('swapper', '/a/now', [{ path: `put${round}`, content: 'x' }]).catch(() => {});
    expect(existsSync(join(secret, `put${round}`))).toBe(false);
  }
  expect(outcomes).not.toContain('of the host');
  expect(readFileSync(join(secret, 'file'), 'utf8')).toBe('of the host');
  await cli.ok('rm', '-f', 'swapper');
});

test('a copy that is given up leaves nothing, and lets a start that waits for it go on', async () => {
  await cli.ok('create', '--name', 'busy', 'busybox', 'true');
  const stop = new AbortController();
  const never = Promise.withResolvers<void>();
  const copying = connection.client.copyToContainer(
    (async function* () {
      const start = { container: 'busy', path: '/', noOverwriteDirectory: true, keepOwner: true };
      yield await Promise.resolve({ part: { $case: 'start' as const, value: start } });
      yield { part: { $case: 'data' as const, value: writeTar([{ path: 'half', content: 'x' }]).subarray(0, 512) } };
      await never.promise;
    })(),
    { signal: stop.signal },
  );
  copying.catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 100));
  const started = cli.ok('start', '-a', 'busy');
  stop.abort();
  never.resolve();
  await expect(copying).rejects.toThrow();
  await started;
  await cli.ok('rm', 'busy');
});

test('nothing is left', () => expectNothingLeft(cli.engine));

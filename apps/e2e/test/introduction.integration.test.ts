import { beforeAll, expect, test } from '@jest/globals';
import { buildTestImage, pushImage } from '@berth/testkit';
import { BUSYBOX_LAYER } from './support/layered-image.ts';
import { expectNothingLeft } from './support/expect-nothing-left.ts';
import { fetchPage, freePort, page } from './support/pages.ts';
import { useEngine, useRegistry } from './support/use-engine.ts';

const cli = useEngine();
const registry = useRegistry();

/** A web server in two layers, which serves /www on port 80. */
const IMAGE = buildTestImage({
  layers: [
    BUSYBOX_LAYER,
    [
      { path: 'www/index.html', content: 'Welcome\n' },
      { path: 'data/', type: 'directory' },
    ],
  ],
  config: { Cmd: ['busybox', 'httpd', '-f', '-h', '/www'], ExposedPorts: { '80/tcp': {} } },
});

beforeAll(() => pushImage({ host: registry.host, repository: 'web', tag: 'v1' }, IMAGE));

const publishedPort = async (name: string) => (await cli.ok('port', name, '80')).split(':').at(-1) ?? '';

// Docker's introduction, as a user walks through it.
test('a web server is run, reached, changed, made an image and run again; its volume outlives it', async () => {
  const v1 = `${registry.host}/web:v1`;
  const port = await freePort();
  await cli.ok('run', '-d', '--name', 'web', '-p', `${port}:80`, '-v', 'data:/data', v1);
  await cli.ok('run', '-d', '--name', 'local', '-p', '127.0.0.1::80', v1);
  await cli.ok('run', '-d', '--name', 'random', '-P', v1);

  const row = ['ps', '--format', '{{.Names}} {{.Ports}}'];
  const [local, random] = [await publishedPort('local'), await publishedPort('random')];
  expect((await cli.ok(...row)).split('\n')).toEqual([
    `random 0.0.0.0:${random}->80/tcp`,
    `local 127.0.0.1:${local}->80/tcp`,
    `web 0.0.0.0:${port}->80/tcp`,
  ]);
  for (const each of [port, local, random]) expect(await page('127.0.0.1', each)).toBe('Welcome');

  await cli.ok('exec', 'web', 'sh', '-c', 'echo Changed >/www/index.html; echo kept >/data/file');
  expect(await fetchPage('127.0.0.1', port)).toBe('Changed');
  expect(await fetchPage('127.0.0.1', local)).toBe('Welcome');
  expect(await cli.ok('diff', 'web')).toBe('C /www\nC /www/index.html');

  await cli.ok('commit', '-a', 'Ada', '-m', 'another page', 'web', 'web:v2');
  const history = await cli.ok('history', '--format', '{{.CreatedBy}}|{{.Comment}}', 'web:v2');
  expect(history.split('\n')).toHaveLength(3);
  expect(history.split('\n')[0]).toMatch(/\|another page$/);
  await cli.ok('run', '-d', '--name', 'second', '-p', '80', '-v', 'data:/data', 'web:v2');
  expect(await page('127.0.0.1', await publishedPort('second'))).toBe('Changed');
  expect(await fetchPage('127.0.0.1', port)).toBe('Changed');

  await cli.ok('rm', '-f', 'web', 'second');
  expect(await cli.ok('run', '--rm', '-v', 'data:/data', v1, 'cat', '/data/file')).toBe('kept');
  await cli.ok('rm', '-f', 'local', 'random');
  await cli.ok('volume', 'rm', 'data');
  await expectNothingLeft(cli.engine);
});

import { beforeAll, expect, test } from '@jest/globals';
import { MEDIA_TYPES } from '@berth/oci';
import { buildTestImage, pushImage, startDockerRegistry } from '@berth/testkit';
import { useEngine, useRegistry } from './support/use-engine.ts';

const cli = useEngine();
const registry = useRegistry();
const foreign = buildTestImage({
  layers: [[{ path: 'bin/', type: 'directory' }], [{ path: 'file', content: 'foreign' }]],
  format: 'docker',
});
const name = (repository: string) => `${registry.host}/${repository}`;
const line = (status: string) => expect.stringMatching(new RegExp(`^[0-9a-f]{12}: ${status}$`));

beforeAll(() => pushImage({ host: registry.host, repository: 'foreign', tag: 'v1' }, foreign));

/** What a registry has under a tag. */
async function manifestOf(repository: string, tag = 'latest') {
  const url = `http://${registry.host}/v2/${repository}/manifests/${tag}`;
  const accept = Object.values(MEDIA_TYPES).join(', ');
  const response = await fetch(url, { headers: { accept } });
  const bytes = Buffer.from(await response.arrayBuffer());
  return { digest: response.headers.get('docker-content-digest'), bytes, document: JSON.parse(bytes.toString()) };
}

test('an image that was made here is pushed, and what the registry has once it does not get again', async () => {
  await cli.ok('run', '--name', 'maker', 'busybox', 'sh', '-c', 'echo one >/one; seq 100000 >/many');
  await cli.ok('commit', 'maker', name('made'));
  await cli.ok('rm', 'maker');
  const pushed = (await cli.ok('push', name('made'))).split('\n');
  const { digest, bytes, document } = await manifestOf('made');
  expect(pushed).toEqual([
    'Using default tag: latest',
    `The push refers to repository [${name('made')}]`,
    line('Preparing'),
    line('Preparing'),
    line('Pushed'),
    line('Pushed'),
    `latest: digest: ${digest} size: ${bytes.length}`,
  ]);
  expect(document).toMatchObject({ mediaType: 'application/vnd.oci.image.manifest.v1+json' });
  for (const { mediaType } of document.layers) {
    expect(mediaType).toBe('application/vnd.oci.image.layer.v1.tar+gzip');
  }
  expect(await cli.ok('push', `${name('made')}:latest`)).toContain(': Layer already exists\n');
  expect(await cli.ok('image', 'inspect', '-f', '{{json .RepoDigests}}', name('made'))).toBe(
    JSON.stringify([`${name('made')}@${digest}`]),
  );
});

test('what another repository of the registry has is taken from there', async () => {
  await cli.ok('tag', name('made'), name('other/place:v2'));
  expect(await cli.ok('push', name('other/place:v2'))).toContain(': Mounted from made\n');
  expect((await manifestOf('other/place', 'v2')).digest).toBe((await manifestOf('made')).digest);
});

test('all tags go, or the quiet name alone', async () => {
  await cli.ok('tag', name('made'), name('made:two'));
  const pushed = await cli.ok('push', '-a', name('made'));
  expect(pushed.split('\n').filter((text) => text.includes(': digest: '))).toHaveLength(2);
  expect((await manifestOf('made', 'two')).digest).toBe((await manifestOf('made')).digest);
  expect(await cli.ok('push', '-q', name('made'))).toBe(`${name('made')}:latest`);
});

test('an image that was pulled goes out as it came', async () => {
  await cli.ok('pull', '-q', name('foreign:v1'));
  await cli.ok('tag', name('foreign:v1'), name('copy:v1'));
  expect(await cli.ok('push', name('copy:v1'))).toContain(`v1: digest: ${foreign.manifest.digest} size: `);
});

test('what stands on an image of the older format is of that format', async () => {
  await cli.ok('create', '--name', 'maker', name('foreign:v1'), 'true');
  await cli.ok('commit', 'maker', name('child'));
  await cli.ok('rm', 'maker');
  await cli.ok('push', '-q', name('child'));
  expect((await manifestOf('child')).document).toMatchObject({
    mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
    config: { mediaType: 'application/vnd.docker.container.image.v1+json' },
    layers: foreign.layers.map(() => ({ mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip' })),
  });
});

test('the push is an event', async () => {
  const filters = [
    '--since',
    '1h',
    '--until',
    '0s',
    '--filter',
    'event=push',
    '--format',
    '{{.Actor.ID}} {{.Actor.Attributes.name}}',
  ];
  expect((await cli.ok('events', ...filters)).split('\n')).toContain(`${name('copy:v1')} ${name('copy')}`);
});

test('what cannot be pushed is said as docker says it', async () => {
  const failures: [string[], string, string][] = [
    [
      ['nothing'],
      'Using default tag: latest\nThe push refers to repository [docker.io/library/nothing]\n',
      'An image does not exist locally with the tag: nothing\n',
    ],
    [
      [name('made:three')],
      `The push refers to repository [${name('made')}]\n`,
      `tag does not exist: ${name('made:three')}\n`,
    ],
    [['-a', name('made:two')], '', "tag can't be used with --all-tags/-a\n"],
    [
      ['--platform', 'linux/s390x', name('made:two')],
      '',
      `Error response from daemon: image with reference ${name('made:two')} was found but does not match the specified platform: wanted linux/s390x, actual: linux/amd64\n`,
    ],
    [['-q', '127.0.0.1:1/none'], '', 'An image does not exist locally with the tag: 127.0.0.1:1/none\n'],
  ];
  for (const [args, stdout, stderr] of failures) {
    expect(await cli.berth('push', ...args)).toMatchObject({ code: 1, stdout, stderr });
  }
});

test('a registry that wants to know who asks is logged in to', async () => {
  await using locked = await startDockerRegistry({ requiresLogin: true });
  const { username = '', password = '' } = locked.credentials ?? {};
  const target = `${locked.host}/private`;
  await cli.ok('tag', 'busybox', `${target}:1`);
  await cli.ok('tag', 'busybox', `${target}:2`);
  expect(await cli.berth('push', `${target}:1`)).toMatchObject({ code: 1, stderr: 'no basic auth credentials\n' });
  expect((await cli.berth('login', '-u', username, '-p', 'wrong', locked.host)).stderr).toContain(
    `Error response from daemon: login attempt to http://${locked.host}/v2/ failed with status: 401 Unauthorized\n`,
  );
  expect(await cli.ok('login', '-u', username, '-p', password, locked.host)).toBe('Login Succeeded');
  await cli.ok('push', '-q', '-a', target);
  await cli.ok('rmi', `${target}:1`, `${target}:2`);
  const pulled = await cli.ok('pull', '-a', target);
  for (const tag of ['1', '2']) expect(pulled).toContain(`${tag}: Pulling from private\nDigest: sha256:`);
  expect(pulled).toContain(`\nStatus: Downloaded newer image for ${target}\n${target}`);
  await cli.ok('logout', locked.host);
  expect((await cli.berth('pull', `${target}:1`)).stderr).toContain('no basic auth credentials');
});

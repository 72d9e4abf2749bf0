// What other programs say of images that were made here, and what becomes here of theirs.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MEDIA_TYPES, parseImageConfig, sha256Digest, type TarEntry } from '@berth/oci';
import {
  buildTestImage,
  createTemporaryDirectory,
  pushImage,
  startTestEngine,
  type TemporaryDirectory,
  type TestEngine,
} from '@berth/testkit';
import { BUSYBOX_LAYER } from './support/layered-image.ts';
import { useEngine, useRegistry } from './support/use-engine.ts';

const cli = useEngine();
const registry = useRegistry();
const name = (repository: string) => `${registry.host}/${repository}`;
let dir: TemporaryDirectory;
/** Has nothing of what the other engine has. */
let other: TestEngine;
beforeAll(async () => {
  dir = createTemporaryDirectory();
  other = await startTestEngine({ busybox: false });
});
afterAll(async () => {
  await other.stop();
  dir[Symbol.dispose]();
});

function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { cwd: dir.path, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
}

const skopeo = (...args: string[]) => run('skopeo', '--insecure-policy', ...args);

/** For registries over plain HTTP. */
const PLAIN = { from: '--src-tls-verify=false', to: '--dest-tls-verify=false' };

async function ok(engine: TestEngine, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await engine.berth(args);
  if (code !== 0) throw new Error(`berth ${args.join(' ')} ended with ${code}: ${stderr}`);
  return stdout.trim();
}

/** Every entry below a directory with all that belongs to it: times to the nanosecond, links, devices, attributes, content. */
function describeTree(root: string): string {
  const script = `cd "$1" && find . -printf '%P %y %m %U %G %T@ %l\\n' | sort
    find . ! -type d -printf '%P %n %s\\n' | sort
    find . -type f -exec sha256sum {} + | sort -k 2
    find . \\( -type c -o -type b \\) -exec stat -c '%n %t:%T' {} + | sort
    getfattr -R -h -d -m '^user|^security.capability' . 2>/dev/null`;
  return execFileSync('sh', ['-c', script, 'sh', root], { encoding: 'utf8' });
}

/** The place of a running container's file, seen from the host. */
async function placeOf(engine: TestEngine, container: string, path: string): Promise<string> {
  return `/proc/${await ok(engine, 'inspect', '-f', '{{.State.Pid}}', container)}/root${path}`;
}

const FILES = `
  mkdir -p /zoo/opaque /zoo/deep/er && cd /zoo
  rm -r /data/opaque && mkdir /data/opaque && echo fresh >/data/opaque/new
  rm /data/gone && rm -r /data/becomes-file && echo file >/data/becomes-file
  echo one >one && ln one two && ln -s ../nowhere soft && mkfifo fifo
  mknod char c 1 3 && mknod block b 7 0
  echo x >setuid && chmod 4755 setuid && mkdir sticky && chmod 3777 sticky
  chown 1234:4321 one
  dd if=/dev/zero of=sparse bs=1 count=1 seek=10485760 2>/dev/null
  seq 50000 >many`;

beforeAll(async () => {
  const layers: TarEntry[] = [
    ...BUSYBOX_LAYER,
    { path: 'data/', type: 'directory' },
    { path: 'data/gone', content: 'x' },
    { path: 'data/opaque/', type: 'directory' },
    { path: 'data/opaque/old', content: 'x' },
    { path: 'data/becomes-file/', type: 'directory' },
    { path: 'data/becomes-file/x', content: 'x' },
    ...['mkdir', 'rm', 'ln', 'mkfifo', 'mknod', 'chmod', 'chown', 'dd', 'seq', 'touch'].map((applet): TarEntry => ({
      path: `bin/${applet}`,
      type: 'hardlink',
      target: 'bin/busybox',
    })),
  ];
  await pushImage({ host: registry.host, repository: 'base', tag: 'latest' }, buildTestImage({ layers: [layers] }));
  await cli.ok('run', '-d', '--name', 'zoo', name('base'), 'sleep', '1000');
  await cli.ok('exec', 'zoo', 'sh', '-c', FILES);
  const zoo = await placeOf(cli.engine, 'zoo', '/zoo');
  execFileSync('setfattr', ['-n', 'user.color', '-v', 'red', join(zoo, 'many')]);
  execFileSync('touch', ['-d', '2001-02-03 04:05:06.123456789Z', join(zoo, 'one'), join(zoo, 'deep/er')]);
  await cli.ok('commit', 'zoo', name('made'));
  await cli.ok('push', '-q', name('made'));
});

test('everything that a file can be survives commit, push, pull and run', async () => {
  await ok(other, 'pull', '-q', name('made'));
  await ok(other, 'run', '-d', '--name', 'zoo', name('made'), 'sleep', '1000');
  for (const path of ['/zoo', '/data']) {
    const before = describeTree(await placeOf(cli.engine, 'zoo', path));
    expect(before.length).toBeGreaterThan(100);
    expect(describeTree(await placeOf(other, 'zoo', path))).toBe(before);
  }
  const sparse = join(await placeOf(other, 'zoo', '/zoo'), 'sparse');
  expect(Number(execFileSync('du', ['-k', sparse], { encoding: 'utf8' }).split('\t')[0])).toBeLessThan(200);
});

test('skopeo and umoci say the same of what was pushed', async () => {
  const raw = execFileSync('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${name('made')}`]);
  const [digest] = JSON.parse(await cli.ok('image', 'inspect', '-f', '{{json .RepoDigests}}', name('made')));
  expect(`${name('made')}@${sha256Digest(raw)}`).toBe(digest);
  skopeo('copy', '-q', PLAIN.from, `docker://${name('made')}`, 'oci:pushed:latest');
  const index = JSON.parse(readFileSync(join(dir.path, 'pushed/index.json'), 'utf8'));
  expect(index.manifests[0].digest).toBe(sha256Digest(raw));
  run('umoci', 'unpack', '--image', 'pushed:latest', 'bundle');
  const root = join(dir.path, 'bundle/rootfs');
  expect(describeTree(join(root, 'data'))).toBe(describeTree(await placeOf(cli.engine, 'zoo', '/data')));
  expect(describeTree(join(root, 'zoo'))).toBe(describeTree(await placeOf(cli.engine, 'zoo', '/zoo')));
});

test('skopeo reads what was saved, as either format, and finds the same image', async () => {
  await cli.ok('save', '-o', join(dir.path, 'saved.tar'), name('made'));
  mkdirSync(join(dir.path, 'layout'));
  run('tar', '-xf', 'saved.tar', '-C', 'layout');
  const id = await cli.ok('image', 'inspect', '-f', '{{.Id}}', name('made'));
  for (const source of [`docker-archive:saved.tar:${name('made')}:latest`, 'oci:layout:latest']) {
    expect(sha256Digest(Buffer.from(skopeo('inspect', '--config', '--raw', source)))).toBe(id);
  }
  skopeo('copy', '-q', PLAIN.to, `docker-archive:saved.tar:${name('made')}:latest`, `docker://${name('again')}`);
  await ok(other, 'pull', '-q', name('again'));
  expect(await ok(other, 'run', '--rm', name('again'), 'cat', '/data/opaque/new', '/zoo/two')).toBe('fresh\none');
});

test('an image that umoci makes is loaded, runs, and goes out with the manifest that umoci wrote', async () => {
  skopeo('copy', '-q', PLAIN.from, `docker://${name('base')}`, 'oci:own:latest');
  run('umoci', 'unpack', '--image', 'own:latest', 'own-bundle');
  writeFileSync(join(dir.path, 'own-bundle/rootfs/data/gone'), 'umoci was here');
  execFileSync('rm', ['-r', join(dir.path, 'own-bundle/rootfs/data/opaque')]);
  run('umoci', 'repack', '--image', 'own:new', 'own-bundle');
  run('umoci', 'config', '--image', 'own:new', '--config.cmd', 'cat', '--config.cmd', '/data/gone');
  run('umoci', 'rm', '--image', 'own:latest');
  run('umoci', 'gc', '--layout', 'own');
  run('tar', '-cf', 'own.tar', '-C', 'own', '.');
  const loaded = await ok(other, 'load', '-i', join(dir.path, 'own.tar'));
  const id = /^Loaded image ID: (sha256:[0-9a-f]{64})$/.exec(loaded)?.[1] ?? '';
  expect(await ok(other, 'run', '--rm', id)).toBe('umoci was here');
  expect(await ok(other, 'run', '--rm', id, 'ls', '/data')).toBe('becomes-file\ngone');
  await ok(other, 'tag', id, name('umoci'));
  const index = JSON.parse(readFileSync(join(dir.path, 'own/index.json'), 'utf8'));
  expect(await ok(other, 'push', name('umoci'))).toContain(`latest: digest: ${index.manifests[0].digest} size: `);
});

test("an image that skopeo converts to Docker's older format is pulled", async () => {
  const target = name('converted');
  skopeo('copy', '-q', PLAIN.from, PLAIN.to, '--format', 'v2s2', `docker://${name('made')}`, `docker://${target}`);
  const raw = skopeo('inspect', '--raw', '--tls-verify=false', `docker://${target}`);
  expect(JSON.parse(raw).mediaType).toBe('application/vnd.docker.distribution.manifest.v2+json');
  await ok(other, 'pull', '-q', target);
  expect(await ok(other, 'run', '--rm', target, 'cat', '/data/opaque/new')).toBe('fresh');
});

test('an image that skopeo compresses with zstd is loaded', async () => {
  skopeo('copy', '-q', PLAIN.from, '--dest-decompress', `docker://${name('made')}`, 'dir:plain');
  skopeo('copy', '-q', '--format', 'oci', '--dest-compress-format', 'zstd', 'dir:plain', 'oci:zstd:latest');
  const { layers } = JSON.parse(skopeo('inspect', '--raw', 'oci:zstd:latest')) as { layers: { mediaType: string }[] };
  expect(layers.map(({ mediaType }) => mediaType)).toEqual(layers.map(() => MEDIA_TYPES.ociLayerZstd));
  run('tar', '-cf', 'zstd.tar', '-C', 'zstd', '.');
  const id = (await ok(other, 'load', '-i', join(dir.path, 'zstd.tar'))).replace('Loaded image ID: ', '');
  expect(await ok(other, 'run', '--rm', id, 'cat', '/data/opaque/new')).toBe('fresh');
});

test('an image of 500 layers is pulled and run', async () => {
  const marks = Array.from({ length: 499 }, (_, index): TarEntry[] => [
    { path: `marks/${index}`, content: `${index}` },
  ]);
  const image = buildTestImage({ layers: [BUSYBOX_LAYER, ...marks], compression: 'none' });
  await pushImage({ host: registry.host, repository: 'deep', tag: 'latest' }, image);
  await ok(other, 'pull', '-q', name('deep'));
  expect(await ok(other, 'run', '--rm', name('deep'), 'sh', '-c', 'set -- /marks/*; echo $#; cat /marks/498')).toBe(
    '499\n498',
  );
});

test('the config of a commit is one by the letter of the specification', async () => {
  const config = skopeo('inspect', '--config', '--raw', '--tls-verify=false', `docker://${name('made')}`);
  const parsed = parseImageConfig(Buffer.from(config));
  const layerCount = parsed.history.filter(({ emptyLayer }) => !emptyLayer).length;
  expect(parsed.diffIds).toHaveLength(layerCount);
});

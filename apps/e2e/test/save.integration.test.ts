import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { sha256Digest, writeTar } from '@berth/oci';
import { createTemporaryDirectory } from '@berth/testkit';
import { useEngine } from './support/use-engine.ts';

const cli = useEngine();

test('images that were pulled, imported and committed are saved, and are the same when they are loaded', async () => {
  using dir = createTemporaryDirectory();
  const archive = join(dir.path, 'images.tar');
  writeFileSync(join(dir.path, 'root.tar'), writeTar([{ path: 'hello', content: 'hello' }]));
  await cli.ok('import', join(dir.path, 'root.tar'), 'imported:1');
  await cli.ok('run', '--name', 'maker', 'busybox', 'sh', '-c', 'echo one >/one && rm /etc/passwd && mkfifo /fifo');
  await cli.ok('commit', 'maker', 'made:1');
  await cli.ok('rm', 'maker');
  await cli.ok('tag', 'made:1', 'made:2');
  const names = ['imported:1', 'made:1', 'made:2'];
  const ids = await cli.ok('image', 'inspect', '-f', '{{.Id}}', ...names);
  await cli.ok('save', '-o', archive, 'imported:1', 'made');

  // Every blob is what its name says, as other tools want it.
  execFileSync('tar', ['-xf', archive, '-C', dir.path]);
  const blobs = execFileSync('ls', [join(dir.path, 'blobs/sha256')], { encoding: 'utf8' })
    .trim()
    .split('\n');
  for (const hex of blobs)
    expect(sha256Digest(readFileSync(join(dir.path, 'blobs/sha256', hex)))).toBe(`sha256:${hex}`);
  const manifest = JSON.parse(readFileSync(join(dir.path, 'manifest.json'), 'utf8')) as { RepoTags: string[] }[];
  expect(manifest.map(({ RepoTags }) => RepoTags)).toEqual([['imported:1'], ['made:1', 'made:2']]);

  await cli.ok('rmi', ...names);
  const loaded = await cli.ok('load', '-i', archive);
  expect(loaded.split('\n')).toEqual(names.map((name) => `Loaded image: ${name}`));
  expect(await cli.ok('image', 'inspect', '-f', '{{.Id}}', ...names)).toBe(ids);
  expect(
    await cli.ok('run', '--rm', 'made:2', 'sh', '-c', 'cat /one; ls /etc/passwd; test -p /fifo && echo fifo'),
  ).toBe('one\nfifo');
  await cli.ok('load', '-q', '-i', archive);

  // An OCI image layout names images at most by a tag: they are loaded by their ids.
  execFileSync('rm', [join(dir.path, 'manifest.json')]);
  const index = readFileSync(join(dir.path, 'index.json'), 'utf8').replaceAll('io.containerd.image.name', 'other');
  writeFileSync(join(dir.path, 'index.json'), index);
  execFileSync('tar', ['-cf', archive, '-C', dir.path, 'index.json', 'oci-layout', 'blobs']);
  await cli.ok('rmi', ...names);
  for (const compress of [gzipSync, zstdCompressSync]) {
    writeFileSync(join(dir.path, 'compressed'), compress(readFileSync(archive)));
    const again = await cli.ok('load', '-i', join(dir.path, 'compressed'));
    expect(again.split('\n')).toEqual([...new Set(ids.split('\n'))].map((id) => `Loaded image ID: ${id}`));
  }
  await cli.ok('rmi', '-f', ...new Set(ids.split('\n')));
});

test('an archive of the old format is loaded, its links followed', async () => {
  using dir = createTemporaryDirectory();
  const layer = writeTar([{ path: 'file', content: 'old' }]);
  const diffId = sha256Digest(layer);
  const config = Buffer.from(
    JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [diffId, diffId] } }),
  );
  const manifest = [{ Config: 'c.json', RepoTags: ['old:1'], Layers: ['1/layer.tar', '2/layer.tar'] }];
  const archive = writeTar([
    { path: '1/', type: 'directory' },
    { path: '1/layer.tar', content: layer },
    { path: '2/layer.tar', type: 'symlink', target: '../1/layer.tar' },
    { path: 'c.json', content: config },
    { path: 'manifest.json', content: JSON.stringify(manifest) },
  ]);
  mkdirSync(join(dir.path, 'in'));
  writeFileSync(join(dir.path, 'in/old.tar'), archive);
  expect(await cli.ok('load', '-i', join(dir.path, 'in/old.tar'))).toBe('Loaded image: old:1');
  expect(await cli.ok('image', 'inspect', '-f', '{{.Id}}', 'old:1')).toBe(sha256Digest(config));
  await cli.ok('rmi', 'old:1');
});

test('save and load say what is wrong, and leave nothing', async () => {
  using dir = createTemporaryDirectory();
  const path = join(dir.path, 'bad.tar');
  expect((await cli.berth('save', '-o', path, 'nobody')).stderr).toContain('No such image: nobody:latest');
  expect((await cli.berth('save', '-o', join(dir.path, 'no/x'), 'busybox')).stderr).toContain('invalid output path');
  writeFileSync(path, writeTar([{ path: 'file', content: 'x' }]));
  expect((await cli.berth('load', '-i', path)).stderr).toContain('it has neither manifest.json nor index.json');
  expect((await cli.berth('load', '-i', 'nothing-here')).stderr).toContain('no such file or directory');
});

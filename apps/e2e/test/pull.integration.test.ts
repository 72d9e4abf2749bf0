import { beforeAll, expect, test } from '@jest/globals';
import { pushImage } from '@berth/testkit';
import { expectNothingLeft } from './support/expect-nothing-left.ts';
import { layerDirectories } from './support/find-leftovers.ts';
import { buildLayeredImage } from './support/layered-image.ts';
import { useEngine, useRegistry } from './support/use-engine.ts';

const cli = useEngine();
const registry = useRegistry();
const image = buildLayeredImage();
const id = image.config.digest;
const name = () => `${registry.host}/team/layered`;

beforeAll(() => pushImage({ host: registry.host, repository: 'team/layered', tag: 'latest' }, image));

test('a pull tells what it does, line by line', async () => {
  const output = await cli.ok('pull', name());
  expect(output).toContain('Using default tag: latest\nlatest: Pulling from team/layered\n');
  for (const { digest } of image.layers) expect(output).toContain(`${digest.slice(7, 19)}: Pull complete`);
  expect(output).toContain(`Digest: ${image.manifest.digest}\nStatus: Downloaded newer image for ${name()}:latest\n`);
  expect(output.split('\n').at(-1)).toBe(`${name()}:latest`);
});

test('a second pull finds all of it here', async () => {
  expect(await cli.ok('pull', `${name()}:latest`)).toContain(`Status: Image is up to date for ${name()}:latest\n`);
  expect(await cli.ok('pull', '-q', name())).toBe(`${name()}:latest`);
});

test('images shows it under its name, its id and its digest', async () => {
  const [header, row] = (await cli.ok('images', name())).split('\n');
  expect(header).toMatch(/^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE$/);
  expect(row).toMatch(new RegExp(`^${name()} +latest +${id.slice(7, 19)} +\\d+ (months|years) ago +[\\d.]+MB$`));
  expect(await cli.ok('images', '-q', name())).toBe(id.slice(7, 19));
  expect(await cli.ok('images', '--digests', name())).toContain(image.manifest.digest);
});

test('a container sees the layers as one file system', async () => {
  const script = 'cat kept replaced; ls; ls /opaque; cat /becomes-file; cat /links/two; cat /links/symbolic';
  expect(await cli.ok('run', '--rm', name(), 'sh', '-c', script)).toBe(
    'lowestmiddlekept\nreplaced\nshown\nmiddlelinkedlinked',
  );
});

test('owners, modes, times and hard links are what the layer says', async () => {
  const format = '%a %u %g %Y %h';
  expect(await cli.ok('run', '--rm', name(), 'stat', '-c', format, '/links/one', '/links/two')).toBe(
    '640 1000 2000 1600000000 2\n640 1000 2000 1600000000 2',
  );
  expect(await cli.ok('run', '--rm', name(), 'sh', '-c', 'test /links/one -ef /links/two && echo same')).toBe('same');
});

test('command, environment and working directory come from the config', async () => {
  expect(await cli.ok('run', '--rm', name())).toBe('lowest');
  expect(await cli.ok('run', '--rm', name(), 'sh', '-c', 'echo $FROM $PWD')).toBe('image /data');
});

test('an image is also found by its digest and its id', async () => {
  expect(await cli.ok('run', '--rm', `${name()}@${image.manifest.digest}`)).toBe('lowest');
  expect(await cli.ok('run', '--rm', id.slice(7, 19))).toBe('lowest');
});

test('rmi takes the names, then the image and its layers; run pulls it again', async () => {
  const before = layerDirectories(cli.engine);
  await cli.ok('tag', name(), 'other:1');
  expect(await cli.ok('rmi', 'other:1')).toBe('Untagged: other:1');
  const output = await cli.ok('rmi', name());
  expect(output).toContain(`Untagged: ${name()}:latest\n`);
  expect(output).toContain(`Deleted: ${id}`);
  expect(before.length - layerDirectories(cli.engine).length).toBe(3);

  const result = await cli.berth('run', '--rm', name());
  expect(result).toMatchObject({ code: 0, stdout: 'lowest' });
  expect(result.stderr).toContain(`Unable to find image '${name()}:latest' locally\n`);
  expect(result.stderr).toContain('Status: Downloaded newer image');
});

test('what a container writes is its own', async () => {
  await cli.ok('run', '--name', 'writer', name(), 'sh', '-c', 'echo mine > kept; ls -a /data');
  expect(await cli.ok('run', '--rm', name())).toBe('lowest');
  await cli.ok('rm', 'writer');
});

test('containers that are gone leave nothing', () => expectNothingLeft(cli.engine));

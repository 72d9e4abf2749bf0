import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createTemporaryDirectory } from '@berth/testkit';
import { expectNothingLeft } from './support/expect-nothing-left.ts';
import { useEngine } from './support/use-engine.ts';

const cli = useEngine();

// What an engine must not lose: a deletion, a directory made anew, links, modes, owners, a sparse file.
const CHANGE = [
  'rm /etc/passwd',
  'rm -r /bin/busybox.d 2>/dev/null; mkdir -p /work/deep && echo one >/work/one && ln /work/one /work/two',
  'ln -s one /work/link && chown 7:8 /work/one && chmod 4711 /work/two && mkfifo /work/fifo',
  'truncate -s 50M /work/sparse && touch -d "2020-01-02 03:04:05" /work/deep',
].join(' && ');
const LIST = 'cd / && ls -lanR work && ls -R etc && stat -c "%n %h %a %u:%g %Y %b" work/*';

test('a container becomes an image, and a container of that shows the same files', async () => {
  await cli.ok('run', '--name', 'maker', '-e', 'A=1', 'busybox', 'sh', '-c', CHANGE);
  const changes = (await cli.ok('diff', 'maker')).split('\n');
  expect(changes).toEqual(
    expect.arrayContaining(['D /etc/passwd', 'C /etc', 'A /work', 'A /work/deep', 'A /work/two']),
  );
  const id = await cli.ok('commit', '-m', 'why', '-c', 'CMD ["cat","/work/one"]', '-c', 'ENV B=2', 'maker', 'made:1');
  expect(id).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(await cli.ok('run', '--rm', 'made:1')).toBe('one');
  expect(await cli.ok('run', '--rm', 'made:1', 'sh', '-c', 'echo $A$B; ls /etc')).toMatch(/^12\n(?![\s\S]*passwd)/);
  const squashed = await cli.ok('commit', '--squash', 'maker', 'made:flat');
  const list = await cli.ok('run', '--rm', 'made:1', 'sh', '-c', LIST);
  expect(list).toMatch(/work\/two 2 4711 7:8/);
  expect(await cli.ok('run', '--rm', squashed, 'sh', '-c', LIST)).toBe(list);
  expect(await cli.ok('image', 'inspect', '-f', '{{len .RootFS.Layers}}', squashed)).toBe('1');
  await cli.ok('rm', 'maker');
  await cli.ok('rmi', 'made:1', 'made:flat');
});

test('a running container is paused while it becomes an image', async () => {
  await cli.ok('run', '-d', '--name', 'busy', 'busybox', 'sh', '-c', 'while :; do echo $((i=i+1)) >/now; done');
  await cli.ok('commit', 'busy', 'moment');
  expect(await cli.ok('ps', '--format', '{{.State}}')).toBe('running');
  expect(await cli.ok('run', '--rm', 'moment', 'cat', '/now')).toMatch(/^\d*$/);
  await cli.ok('rm', '-f', 'busy');
  await cli.ok('rmi', 'moment');
});

test('commit says what is wrong', async () => {
  expect((await cli.berth('commit', 'nobody')).stderr).toContain('No such container: nobody');
  await cli.ok('create', '--name', 'tricky', 'busybox');
  expect((await cli.berth('commit', 'tricky', 'BAD')).stderr).toContain('must be lowercase');
  await cli.ok('rm', 'tricky');
});

test('export writes the whole file system, of a container that runs or not, and import takes it', async () => {
  await cli.ok(
    'run',
    '-d',
    '--name',
    'source',
    '-v',
    '/volume',
    'busybox',
    'sh',
    '-c',
    `${CHANGE}; touch /volume/x; sleep 100`,
  );
  await cli.ok('exec', 'source', 'sh', '-c', 'while ! [ -e /volume/x ]; do sleep 0.01; done');
  const directory = createTemporaryDirectory();
  const [running, stopped] = ['running.tar', 'stopped.tar'].map((name) => join(directory.path, name)) as [
    string,
    string,
  ];
  await cli.ok('export', '-o', running, 'source');
  await cli.ok('stop', '-t', '0', 'source');
  await cli.ok('export', '-o', stopped, 'source');
  const names = execFileSync('tar', ['-tf', running], { encoding: 'utf8' }).split('\n');
  expect(names).toEqual(
    expect.arrayContaining(['./', 'bin/sh', 'work/one', 'work/deep/', 'work/link', 'volume/', 'proc/']),
  );
  expect(names.filter((name) => /^(etc\/passwd|volume\/.|proc\/.|sys\/.)/.test(name))).toEqual([]);
  expect(execFileSync('tar', ['-tf', stopped], { encoding: 'utf8' }).split('\n')).toEqual(names);
  await cli.ok('import', running, 'taken');
  expect(await cli.ok('run', '--rm', 'taken', '/bin/cat', '/work/two')).toBe('one');
  expect((await cli.berth('export', '-o', '/nowhere/x', 'source')).stderr).toContain('does not exist');
  await cli.ok('rm', '-v', 'source');
  await cli.ok('rmi', 'taken');
  directory[Symbol.dispose]();
});

test('nothing is left', () => expectNothingLeft(cli.engine));

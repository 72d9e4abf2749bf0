import { expect, test } from '@jest/globals';
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

test('nothing is left', () => expectNothingLeft(cli.engine));

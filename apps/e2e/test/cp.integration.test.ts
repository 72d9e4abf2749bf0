import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTemporaryDirectory, type TemporaryDirectory } from '@berth/testkit';
import { expectNothingLeft } from './support/expect-nothing-left.ts';
import { useEngine } from './support/use-engine.ts';

const cli = useEngine();
let host: TemporaryDirectory;
const path = (name: string): string => join(host.path, name);

beforeAll(async () => {
  host = createTemporaryDirectory();
  mkdirSync(path('site/css'), { recursive: true });
  writeFileSync(path('site/index.html'), '<h1>hello</h1>\n');
  writeFileSync(path('site/css/big'), Buffer.alloc(3_000_000, 'x'));
  await cli.ok('run', '-d', '--name', 'web', 'busybox', 'sh', '-c', 'mkdir /srv; ln -s /srv /way; sleep 1000');
  await cli.ok('create', '--name', 'still', 'busybox', 'true');
  await cli.ok('exec', 'web', 'sh', '-c', 'while ! [ -e /way ]; do sleep 0.01; done');
});
afterAll(() => host[Symbol.dispose]());

test('cp carries a directory in, across and out, and nothing of it changes', async () => {
  await cli.ok('cp', path('site'), 'web:/way');
  expect(await cli.ok('exec', 'web', 'cat', '/srv/site/index.html')).toBe('<h1>hello</h1>');
  await cli.ok('cp', 'web:/srv/site/.', 'still:/copy');
  await cli.ok('cp', 'still:/copy', path('back'));
  await cli.ok('cp', 'still:/', path('root'));
  expect(readFileSync(path('root/copy/index.html'), 'utf8')).toBe('<h1>hello</h1>\n');
  expect(execFileSync('diff', ['-r', path('site'), path('back')], { encoding: 'utf8' })).toBe('');
});

test('cp of a file takes the name that it is given', async () => {
  await cli.ok('cp', path('site/index.html'), 'still:/tmp/page');
  await cli.ok('cp', 'still:/tmp/page', path('page'));
  expect(readFileSync(path('page'), 'utf8')).toBe('<h1>hello</h1>\n');
  await cli.ok('cp', 'still:/tmp/page', path('back/'));
  expect(statSync(path('back/page')).isFile()).toBe(true);
});

test('cp -a keeps owners, cp does not', async () => {
  await cli.ok('exec', 'web', 'sh', '-c', 'echo x >/srv/owned; chown 1234:1235 /srv/owned');
  await cli.ok('cp', 'web:/srv/owned', path('mine'));
  await cli.ok('cp', '-a', 'web:/srv/owned', path('theirs'));
  expect([statSync(path('mine')).uid, statSync(path('theirs')).uid, statSync(path('theirs')).gid]).toEqual([
    0, 1234, 1235,
  ]);
});

test('cp carries pipes and devices, and says how much it was', async () => {
  execFileSync('mkfifo', [path('site/pipe')]);
  execFileSync('mknod', ['-m', '604', path('site/node'), 'c', '1', '3']);
  const { stderr } = await cli.berth('cp', '--quiet=false', path('site'), 'web:/special');
  expect(stderr).toBe('Successfully copied 3.01MB to web:/special\n');
  const list = await cli.ok('exec', 'web', 'ls', '-l', '/special/node', '/special/pipe');
  expect(list.replaceAll(/ +/g, ' ')).toMatch(/^crw----r-- 1 root root 1, 3 .*\nprw-/);
  await cli.ok('cp', 'web:/special', path('special'));
  expect([statSync(path('special/pipe')).isFIFO(), statSync(path('special/node')).rdev]).toEqual([true, 0x103]);
  rmSync(path('site/pipe'));
  rmSync(path('site/node'));
});

test('cp follows a relative link from where it lies', async () => {
  await cli.ok('exec', 'web', 'sh', '-c', 'mkdir -p /deep/a /deep/b; ln -s ../b /deep/a/link; ln -s /deep/a /short');
  await cli.ok('cp', path('site/index.html'), 'web:/short/link');
  expect(await cli.ok('exec', 'web', 'cat', '/deep/b/index.html')).toBe('<h1>hello</h1>');
});

test('cp of a link gives the link, and with a slash at its end what it leads to', async () => {
  await cli.ok('exec', 'web', 'sh', '-c', 'mkdir /far; echo x > /far/x; ln -s /far /near');
  await cli.ok('cp', 'web:/near', path('near'));
  expect(readlinkSync(path('near'))).toBe('/far');
  mkdirSync(path('into'));
  await cli.ok('cp', 'web:/near/', path('into'));
  await cli.ok('cp', 'web:/near/.', path('into'));
  expect(readFileSync(path('into/near/x'), 'utf8')).toBe('x\n');
  expect(readFileSync(path('into/x'), 'utf8')).toBe('x\n');
  const { stderr } = await cli.berth('cp', 'web:/near/x/', path('into'));
  expect(stderr).toBe('lstat /near/x/: not a directory\n');
});

test('cp - writes and reads archives', async () => {
  const archive = execFileSync('sh', ['-c', `tar -C ${path('site')} -cf - index.html | base64`], { encoding: 'utf8' });
  await cli.ok('exec', 'web', 'mkdir', '/in');
  const put = await cli.engine.berth(['cp', '-', 'web:/in'], { input: Buffer.from(archive, 'base64') });
  expect(put).toMatchObject({ code: 0, stderr: '' });
  expect(await cli.ok('exec', 'web', 'cat', '/in/index.html')).toBe('<h1>hello</h1>');
  const got = await cli.berth('cp', 'web:/in/index.html', '-');
  expect(got.stdout).toContain('<h1>hello</h1>');
});

test.each([
  [['web:/missing', '.'], 'Could not find the file /missing in container web'],
  [['nobody:/x', '.'], 'No such container: nobody'],
  [['a', 'b'], 'must specify at least one container source'],
  [['-', 'web:/etc/passwd'], 'destination "web:/etc/passwd" must be a directory'],
])('cp %j is refused', async (args, message) => {
  const { code, stderr } = await cli.berth('cp', ...args);
  expect(stderr).toContain(message);
  expect(code).toBe(1);
});

test('cp of a directory onto a file is refused', async () => {
  const { stderr } = await cli.berth('cp', path('site'), 'web:/etc/passwd');
  expect(stderr).toContain('cannot copy directory');
});

test('copies leave nothing', async () => {
  await cli.ok('rm', '-f', 'web', 'still');
  await expectNothingLeft(cli.engine);
});

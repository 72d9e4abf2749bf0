import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { writeTar } from './tar-writer.ts';

function listed(tar: Buffer): string[] {
  const options = ['-tvf', '-', '--numeric-owner', '--utc', '--full-time'];
  return execFileSync('tar', options, { input: tar, encoding: 'utf8' }).trim().split('\n');
}

test('GNU tar reads what it writes', () => {
  const long = `${'d'.repeat(90)}/${'f'.repeat(90)}`;
  const tar = writeTar([
    { path: 'bin/', type: 'directory', mode: 0o1777 },
    { path: 'bin/a', content: 'hello', uid: 7, gid: 8, mtime: 86_400 },
    { path: 'bin/b', type: 'hardlink', target: 'bin/a' },
    { path: 'bin/c', type: 'symlink', target: '/x' },
    { path: long, content: Buffer.alloc(512) },
  ]);
  expect(tar.byteLength % 512).toBe(0);
  expect(listed(tar).map((line) => line.replaceAll(/ +/g, ' '))).toEqual([
    'drwxrwxrwt 0/0 0 1970-01-01 00:00:00 bin/',
    '-rw-r--r-- 7/8 5 1970-01-02 00:00:00 bin/a',
    'hrw-r--r-- 0/0 0 1970-01-01 00:00:00 bin/b link to bin/a',
    'lrw-r--r-- 0/0 0 1970-01-01 00:00:00 bin/c -> /x',
    `-rw-r--r-- 0/0 512 1970-01-01 00:00:00 ${long}`,
  ]);
});

test('the same entries give the same bytes', () => {
  const entries = [{ path: 'a', content: 'x', pax: { 'SCHILY.xattr.user.a': 'b' } }];
  expect(writeTar(entries).equals(writeTar(entries))).toBe(true);
});

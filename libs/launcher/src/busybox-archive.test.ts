import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { createBusyboxArchive } from './busybox-archive.ts';

const source = {
  program: Buffer.from('a static program'),
  applets: ['sh', 'busybox', 'ls'],
  mtimeSeconds: 1_700_000_000,
};

test('GNU tar reads the archive', () => {
  const listing = execFileSync('tar', ['tv'], {
    input: createBusyboxArchive(source),
    encoding: 'utf8',
    env: { TZ: 'UTC' },
  });
  expect(listing).toContain('-rwxr-xr-x 0/0              16 2023-11-14 22:13 bin/busybox\n');
  expect(listing).toContain('hrwxr-xr-x 0/0               0 2023-11-14 22:13 bin/sh link to bin/busybox\n');
  expect(listing).toContain('drwxrwxrwt 0/0               0 2023-11-14 22:13 tmp/\n');
  expect(listing.match(/bin\/busybox$/gm)).toHaveLength(4);
});

test('contents come back whole', () => {
  const input = createBusyboxArchive(source);
  expect(execFileSync('tar', ['xO', 'bin/busybox'], { input, encoding: 'utf8' })).toBe('a static program');
  expect(execFileSync('tar', ['xO', 'etc/group'], { input, encoding: 'utf8' })).toMatch(/^root:x:0:\n/);
});

test('the same source gives the same bytes, whatever the order of applets', () => {
  const other = { ...source, applets: [...source.applets].reverse() };
  expect(createBusyboxArchive(source).equals(createBusyboxArchive(other))).toBe(true);
});

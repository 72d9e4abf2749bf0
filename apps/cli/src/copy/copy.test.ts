import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { writeTar, type TarEntry } from '@berth/oci';
import { createTemporaryDirectory, type TemporaryDirectory } from '@berth/testkit';
import { absolute, parseCopyArgument } from './copy-argument.ts';
import { placeCopy } from './place.ts';
import { packLocal, renameTop, unpackLocal, type TarBytes } from './tar-streams.ts';

test.each([
  ['-', { kind: 'stream' }],
  ['web:/x', { kind: 'container', container: 'web', path: '/x' }],
  ['web:x/', { kind: 'container', container: 'web', path: '/x/' }],
  ['web:', { kind: 'container', container: 'web', path: '/' }],
  ['./a:b', { kind: 'local', path: './a:b' }],
  ['/a:b', { kind: 'local', path: '/a:b' }],
  ['plain', { kind: 'local', path: 'plain' }],
])('the argument %s', (text, argument) => {
  expect(parseCopyArgument(text)).toEqual(argument);
});

test('the end of a path that means something is kept', () => {
  expect(['a/', 'a/.', 'a/..', '.', '/', '../b'].map((path) => absolute('/w', path))).toEqual([
    '/w/a/',
    '/w/a/.',
    '/w',
    '/w/.',
    '/',
    '/b',
  ]);
});

describe('where a copy goes', () => {
  const side = (path: string, kind: 'file' | 'directory' | 'nothing') => ({
    path,
    exists: kind !== 'nothing',
    isDirectory: kind === 'directory',
  });

  test.each([
    ['/s/f', 'file', '/d/x', 'nothing', '/d', 'x'],
    ['/s/f', 'file', '/d/x', 'file', '/d', 'x'],
    ['/s/f', 'file', '/d', 'directory', '/d', null],
    ['/s', 'directory', '/d/x', 'nothing', '/d', 'x'],
    ['/s', 'directory', '/d/x/', 'nothing', '/d', 'x'],
    ['/s', 'directory', '/d', 'directory', '/d', null],
    ['/s/.', 'directory', '/d', 'directory', '/d', '.'],
    ['/s/.', 'directory', '/d/x', 'nothing', '/d', 'x'],
  ] as const)('%s, a %s, to %s, a %s: into %s as %s', (...[from, what, to, there, directory, newName]) => {
    expect(placeCopy(side(from, what), side(to, there))).toEqual({ directory, newName });
  });

  test('what makes no sense is refused', () => {
    expect(() => placeCopy(side('/s', 'directory'), side('/d', 'file'))).toThrow('cannot copy directory');
    expect(() => placeCopy(side('/s', 'file'), side('/d/', 'nothing'))).toThrow('no such directory');
  });
});

describe('archives', () => {
  let directory: TemporaryDirectory;
  const path = (name: string): string => join(directory.path, name);
  beforeEach(() => {
    directory = createTemporaryDirectory();
    mkdirSync(path('source/sub'), { recursive: true });
    writeFileSync(path('source/sub/file'), 'content', { mode: 0o750 });
    linkSync(path('source/sub/file'), path('source/twin'));
    symlinkSync('sub/file', path('source/link'));
    mkdirSync(path('target'));
  });
  afterEach(() => directory[Symbol.dispose]());

  async function* bytesOf(entries: readonly TarEntry[]): TarBytes {
    yield await Promise.resolve(writeTar(entries));
  }

  test('carry a tree under another name, with its links', async () => {
    const archive = renameTop(packLocal(directory.path, 'source', 'between'), { name: 'end', replaces: true });
    await unpackLocal(archive, { dir: path('target'), top: null, keepOwner: false });
    expect(readdirSync(path('target'))).toEqual(['end']);
    expect(execFileSync('diff', ['-r', path('source'), path('target/end')], { encoding: 'utf8' })).toBe('');
    expect(statSync(path('target/end/twin')).ino).toBe(statSync(path('target/end/sub/file')).ino);
    expect(statSync(path('target/end/sub/file')).mode & 0o777).toBe(0o750);
  });

  test('carry the content of a directory alone', async () => {
    await unpackLocal(packLocal(directory.path, 'source', '.'), {
      dir: path('target'),
      top: null,
      keepOwner: false,
    });
    expect(readdirSync(path('target')).sort()).toEqual(['link', 'sub', 'twin']);
    const again = packLocal(directory.path, 'source', 'top');
    await unpackLocal(again, { dir: path('target'), top: { name: '.', replaces: true }, keepOwner: false });
    expect(readFileSync(path('target/twin'), 'utf8')).toBe('content');
  });

  test.each<[string, TarEntry[]]>([
    ['a path that climbs', [{ path: 'top/../../escaped', content: 'x' }]],
    [
      'a symbolic link out of the directory that is written through',
      [
        { path: 'top/', type: 'directory' },
        { path: 'top/out', type: 'symlink', target: '..' },
        { path: 'top/out/../escaped', content: 'x' },
      ],
    ],
    [
      'a link to a directory that is written through',
      [
        { path: 'top/', type: 'directory' },
        { path: 'top/out', type: 'symlink', target: '../..' },
        { path: 'top/out/escaped', content: 'x' },
      ],
    ],
    ['a hard link to a file outside', [{ path: 'top', type: 'hardlink', target: '../source/sub/file' }]],
  ])('with %s leave nothing outside', async (_what, entries) => {
    const unpacking = unpackLocal(bytesOf(entries), { dir: path('target'), top: null, keepOwner: false });
    await unpacking.catch(() => {});
    expect(existsSync(path('escaped'))).toBe(false);
    expect(statSync(path('source/sub/file')).nlink).toBe(2);
  });

  test('that end too early are an error', async () => {
    const whole = writeTar([{ path: 'a', content: 'x'.repeat(5000) }]);
    async function* cut(): TarBytes {
      yield await Promise.resolve(whole.subarray(0, 2000));
    }
    await expect(unpackLocal(cut(), { dir: path('target'), top: null, keepOwner: false })).rejects.toThrow();
  });
});

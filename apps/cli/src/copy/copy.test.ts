import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { writeTar, type TarEntry } from '@berth/oci';
import { createTemporaryDirectory, type TemporaryDirectory } from '@berth/testkit';
import { absolute, parseCopyArgument } from './copy-argument.ts';
import { placeCopy } from './place.ts';
import type { TarBytes } from './archive-name.ts';
import { packLocal } from './pack-local.ts';
import { renameTop } from './rename-archive.ts';
import { unpackLocal } from './unpack-local.ts';

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

  const onLost = (): void => {
    throw new Error('capabilities are lost');
  };
  const leftOut: string[] = [];
  const pack = (newName: string): TarBytes => packLocal(path('source'), newName, (socket) => leftOut.push(socket));

  const setCapability = (file: string, value: string): void =>
    void execFileSync('setfattr', ['-n', 'security.capability', '-v', value, file]);
  const capabilityOf = (file: string): string => {
    const args = ['-d', '-m', '^security.capability$', '-e', 'hex', '--absolute-names', file];
    return /0x[0-9a-f]+/.exec(execFileSync('getfattr', args, { encoding: 'utf8' }))?.[0] ?? '';
  };

  async function collect(archive: TarBytes): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of archive) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  async function* bytesOf(entries: readonly TarEntry[]): TarBytes {
    yield await Promise.resolve(writeTar(entries));
  }

  test('carry a tree under another name, with its links', async () => {
    const archive = renameTop(pack('between'), { name: 'end', replaces: true });
    await unpackLocal(archive, { dir: path('target'), top: null, keepOwner: false, onLost });
    expect(readdirSync(path('target'))).toEqual(['end']);
    expect(execFileSync('diff', ['-r', path('source'), path('target/end')], { encoding: 'utf8' })).toBe('');
    expect(statSync(path('target/end/twin')).ino).toBe(statSync(path('target/end/sub/file')).ino);
    expect(statSync(path('target/end/sub/file')).mode & 0o777).toBe(0o750);
  });

  test('that are unpacked give links as they are, wherever they lead, and directories with their modes and times', async () => {
    const entries: TarEntry[] = [
      { path: 'top/', type: 'directory', mode: 0o2750, mtime: 1 },
      { path: 'top/shut/', type: 'directory', mode: 0o555, mtime: 2 },
      { path: 'top/shut/up', type: 'symlink', target: '../../../up', uid: 7, mtime: 3 },
      { path: 'top/absolute', type: 'symlink', target: '/etc/passwd' },
      { path: 'top/twin', type: 'hardlink', target: 'top/absolute' },
      { path: 'top/a', type: 'symlink', target: 'b' },
      { path: 'top/b', type: 'symlink', target: 'c' },
      { path: 'top/last', type: 'symlink', target: 'b' },
      { path: 'top/last', content: 'last' },
      { path: 'top/file', content: 'new', mode: 0o640 },
    ];
    mkdirSync(path('target/top'));
    writeFileSync(path('target/top/file'), 'old', { mode: 0o4755 });
    await unpackLocal(bytesOf(entries), { dir: path('target'), top: null, keepOwner: true, onLost });
    const format = '%P %y %m %U %Ts %l,';
    const found = execFileSync('find', [path('target/top'), '-printf', format], { encoding: 'utf8' });
    expect(found.split(',').sort()).toEqual([
      '',
      ' d 2750 0 1 ',
      'a l 777 0 0 b',
      'absolute l 777 0 0 /etc/passwd',
      'b l 777 0 0 c',
      'file f 640 0 0 ',
      'last f 644 0 0 ',
      'shut d 555 0 2 ',
      'shut/up l 777 7 3 ../../../up',
      'twin l 777 0 0 /etc/passwd',
    ]);
  });

  test('carry the content of a directory alone', async () => {
    await unpackLocal(pack('.'), {
      dir: path('target'),
      top: null,
      keepOwner: false,
      onLost,
    });
    expect(readdirSync(path('target')).sort()).toEqual(['link', 'sub', 'twin']);
    const again = pack('top');
    await unpackLocal(again, { dir: path('target'), top: { name: '.', replaces: true }, keepOwner: false, onLost });
    expect(readFileSync(path('target/twin'), 'utf8')).toBe('content');
  });

  test('carry pipes, devices, odd names and times; a socket is told of and left out', async () => {
    const odd = Buffer.concat([Buffer.from(path('source/')), Buffer.from([0xff, 0x20])]);
    writeFileSync(odd, 'odd');
    const long = 'd'.repeat(90);
    mkdirSync(path(`source/${long}`));
    writeFileSync(path(`source/${long}/${long}`), '');
    utimesSync(path('source/twin'), 0, 1.5);
    execFileSync('mkfifo', ['-m', '604', path('source/pipe')]);
    execFileSync('mknod', [path('source/null'), 'c', '1', '300']);
    const server = createServer().listen(path('source/socket'));
    try {
      const listed = execFileSync('tar', ['-tvf', '-', '--utc', '--full-time'], { input: await collect(pack('t')) })
        .toString('latin1')
        .replaceAll(/ +/g, ' ');
      for (const line of [
        'prw----r-- 0/0 0 ',
        ' t/pipe\n',
        'crw-r--r-- 0/0 1,300 ',
        ` t/${long}/${long}\n`,
        ' 1970-01-01 00:00:01.5 t/sub/file\n',
        ' t/twin link to t/sub/file\n',
        ' t/link -> sub/file\n',
        ' t/\\377 \n',
      ]) {
        expect(listed).toContain(line);
      }
      expect(listed).not.toContain('socket');
      expect(leftOut).toEqual([path('source/socket')]);
    } finally {
      server.close();
    }
  });

  test('carry the capabilities of programs', async () => {
    const value = '0x0100000200200000000000000000000000000000';
    const odd = path('source/sub/odd\nnäme');
    writeFileSync(odd, '');
    for (const file of [path('source/sub/file'), odd]) setCapability(file, value);
    await unpackLocal(pack('top'), {
      dir: path('target'),
      top: { name: 'x', replaces: true },
      keepOwner: false,
      onLost,
    });
    expect(capabilityOf(path('target/x/sub/file'))).toBe(value);
    expect(capabilityOf(path('target/x/sub/odd\nnäme'))).toBe(value);
    expect(capabilityOf(path('target/x'))).toBe('');
  });

  test('that are unpacked give pipes and devices, in the place of what is there', async () => {
    const entries: TarEntry[] = [
      { path: 'top/', type: 'directory' },
      { path: 'top/pipe', type: 'fifo', mode: 0o604 },
      { path: 'top/node', type: 'character-device', uid: 7 },
    ];
    mkdirSync(path('target/new'));
    writeFileSync(path('target/new/pipe'), 'was a file');
    const top = { name: 'new', replaces: true };
    await unpackLocal(bytesOf(entries), { dir: path('target'), top, keepOwner: true, onLost });
    expect(statSync(path('target/new/pipe')).isFIFO()).toBe(true);
    expect(statSync(path('target/new/pipe')).mode & 0o777).toBe(0o604);
    expect(statSync(path('target/new/node')).isCharacterDevice()).toBe(true);
    expect(statSync(path('target/new/node')).uid).toBe(7);
  });

  test('keep all that they say under another name', async () => {
    const entries: TarEntry[] = [
      { path: 'old/', type: 'directory' },
      { path: 'old/a', content: 'x', pax: { 'SCHILY.xattr.user.a': 'b\nc', mtime: '1.000000007' } },
      { path: 'old/b', type: 'hardlink', target: 'old/a' },
      { path: 'old/c', type: 'symlink', target: 'old/a' },
      { path: 'old/d', type: 'character-device' },
    ];
    const name = 'n'.repeat(120);
    const bytes = (await collect(renameTop(bytesOf(entries), { name, replaces: true }))).toString('latin1');
    expect(bytes).toContain('SCHILY.xattr.user.a=b\nc\n');
    expect(bytes).toContain('mtime=1.000000007\n');
    const listed = execFileSync('tar', ['-tvf', '-'], { input: Buffer.from(bytes, 'latin1') }).toString();
    expect(listed).toContain(` ${name}/b link to ${name}/a\n`);
    expect(listed).toContain(` ${name}/c -> old/a\n`);
    expect(listed).toContain(` ${name}/d\n`);
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
    ['a hard link to an absolute path', [{ path: 'top', type: 'hardlink', target: 'ROOT/source/sub/file' }]],
    [
      'a hard link through a symbolic link',
      [
        { path: 'out', type: 'symlink', target: '../source/sub' },
        { path: 'top', type: 'hardlink', target: 'out/file' },
      ],
    ],
    [
      'a hard link to a symbolic link that is written to',
      [
        { path: 'out', type: 'symlink', target: 'ROOT/source/sub/file' },
        { path: 'top', type: 'hardlink', target: 'out' },
        { path: 'top', content: 'x' },
      ],
    ],
    [
      'a pipe through a symbolic link',
      [
        { path: 'out', type: 'symlink', target: '..' },
        { path: 'out/escaped', type: 'fifo' },
      ],
    ],
  ])('with %s leave nothing outside', async (_what, attack) => {
    const entries = attack.map(({ target = '', ...entry }) => ({
      ...entry,
      target: target.replace('ROOT', directory.path),
    }));
    const unpacking = unpackLocal(bytesOf(entries), { dir: path('target'), top: null, keepOwner: false, onLost });
    await unpacking.catch(() => {});
    expect(existsSync(path('escaped'))).toBe(false);
    expect(statSync(path('source/sub/file')).nlink).toBe(2);
    expect(readFileSync(path('source/sub/file'), 'utf8')).toBe('content');
  });

  test('that end too early are an error, and leave no half of a file', async () => {
    const whole = writeTar([
      { path: 'a', content: 'whole' },
      { path: 'b', content: 'x'.repeat(500_000) },
    ]);
    async function* cut(): TarBytes {
      yield await Promise.resolve(whole.subarray(0, 200_000));
    }
    async function* broken(): TarBytes {
      yield* cut();
      await new Promise((resolve) => setTimeout(resolve, 20));
      throw new Error('the sender is gone');
    }
    for (const source of [cut(), broken()]) {
      await expect(unpackLocal(source, { dir: path('target'), top: null, keepOwner: false, onLost })).rejects.toThrow();
      expect(readdirSync(path('target'))).toEqual(['a']);
    }
    await expect(collect(renameTop(cut(), { name: 'c', replaces: true }))).rejects.toThrow('ends too early');
  });
});

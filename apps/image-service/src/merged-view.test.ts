import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createReadMergedFile, type ReadMergedFile } from './merged-view.ts';

describe('a file of stacked layers', () => {
  let root: string;
  let opaque: string[];
  let asked: string[];
  let readMergedFile: ReadMergedFile;
  beforeEach(() => {
    root = mkdtempSync('/tmp/berth-');
    writeFileSync(join(root, 'secret'), 'of the host');
    for (const dir of ['upper', 'middle', 'lower']) mkdirSync(join(root, dir, 'etc'), { recursive: true });
    opaque = [];
    asked = [];
    readMergedFile = createReadMergedFile((directory) => {
      const place = relative(root, realpathSync(directory));
      asked.push(place);
      return Promise.resolve(opaque.includes(place));
    });
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const write = (path: string, text: string): void => writeFileSync(join(root, path), text);
  const link = (path: string, target: string): void => symlinkSync(target, join(root, path));
  const hide = (path: string): void => void execFileSync('mknod', [join(root, path), 'c', '0', '0']);
  const read = async (path = 'etc/passwd', maxBytes = 100): Promise<string | null> => {
    const lowerDirs = [join(root, 'middle'), join(root, 'lower')];
    const content = await readMergedFile({ upperDir: join(root, 'upper'), lowerDirs }, path, maxBytes);
    return content === null ? null : Buffer.from(content).toString();
  };

  test('reads the uppermost file', async () => {
    write('lower/etc/passwd', 'lower');
    expect(await read()).toBe('lower');
    write('middle/etc/passwd', 'middle');
    expect(await read('/etc/passwd')).toBe('middle');
    write('upper/etc/passwd', '');
    expect(await read()).toBe('');
  });

  test('a whiteout hides what is below, a file and a directory', async () => {
    write('lower/etc/passwd', 'lower');
    hide('middle/etc/passwd');
    expect(await read()).toBeNull();
    mkdirSync(join(root, 'lower/usr'));
    write('lower/usr/x', 'x');
    hide('upper/usr');
    expect(await read('usr/x')).toBeNull();
  });

  test('a file hides a directory below, and a directory a file', async () => {
    mkdirSync(join(root, 'lower/a'));
    write('lower/a/x', 'x');
    write('middle/a', 'file');
    expect(await read('a/x')).toBeNull();
    expect(await read('a')).toBe('file');
    mkdirSync(join(root, 'upper/a'));
    write('upper/a/y', 'y');
    expect(await read('a/y')).toBe('y');
    expect(await read('a/x')).toBeNull();
    expect(await read('a')).toBeNull();
  });

  test('an opaque directory hides what is below, and the root of a layer never does', async () => {
    write('lower/etc/passwd', 'lower');
    opaque = ['upper', 'middle', 'middle/etc'];
    expect(await read()).toBeNull();
    write('middle/etc/passwd', 'middle');
    expect(await read()).toBe('middle');
    opaque = ['upper/etc'];
    expect(await read()).toBeNull();
    write('upper/etc/passwd', 'upper');
    expect(await read()).toBe('upper');
  });

  test('is asked for only when something could be hidden, of a layer once', async () => {
    mkdirSync(join(root, 'lower/etc/a/b'), { recursive: true });
    mkdirSync(join(root, 'middle/etc/a'), { recursive: true });
    write('lower/etc/a/b/c', 'deep');
    expect(await read('etc/a/b/none')).toBeNull();
    expect(await read('etc/a/b/c')).toBe('deep');
    expect(asked).toEqual(['upper/etc', 'middle/etc', 'middle/etc/a', 'upper/etc']);
    asked = [];
    write('upper/etc/passwd', 'upper');
    expect(await read()).toBe('upper');
    expect(asked).toEqual([]);
  });

  test('symbolic links are followed through the layers, and never out of them', async () => {
    link('upper/etc/passwd', '../../../../usr/share/passwd');
    mkdirSync(join(root, 'lower/usr/share'), { recursive: true });
    write('lower/usr/share/passwd', 'linked');
    expect(await read()).toBe('linked');
    link('upper/abs', '/etc/passwd');
    expect(await read('abs')).toBe('linked');
    link('upper/out', join(root, 'secret'));
    link('upper/up', '../secret');
    expect([await read('out'), await read('up')]).toEqual([null, null]);
    link('upper/dir', 'etc');
    write('middle/etc/group', 'group');
    expect(await read('dir/group')).toBe('group');
  });

  test('circles, missing files and other kinds give nothing', async () => {
    link('upper/etc/passwd', 'passwd');
    expect(await read()).toBeNull();
    expect(await read('etc/none')).toBeNull();
    expect(await read('etc')).toBeNull();
    expect(await read('')).toBeNull();
    execFileSync('mkfifo', [join(root, 'upper/fifo')]);
    expect(await read('fifo')).toBeNull();
    execFileSync('mknod', [join(root, 'upper/zero'), 'c', '1', '5']);
    expect(await read('zero')).toBeNull();
  });

  test('a file that is too large gives nothing', async () => {
    write('lower/etc/passwd', 'x'.repeat(100));
    expect(await read()).toHaveLength(100);
    expect(await read('etc/passwd', 99)).toBeNull();
  });
});

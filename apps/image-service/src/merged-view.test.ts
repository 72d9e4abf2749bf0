import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readMergedFile } from './merged-view.ts';

describe('readMergedFile', () => {
  let root: string;
  let stack: string[];
  beforeEach(() => {
    root = mkdtempSync('/tmp/berth-');
    writeFileSync(join(root, 'secret'), 'of the host');
    stack = ['upper', 'middle', 'lower'].map((name) => join(root, name));
    for (const dir of stack) mkdirSync(join(dir, 'etc'), { recursive: true });
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const write = (path: string, text: string): void => writeFileSync(join(root, path), text);
  const link = (path: string, target: string): void => symlinkSync(target, join(root, path));
  const hide = (path: string): void => void execFileSync('mknod', [join(root, path), 'c', '0', '0']);
  const read = (path = 'etc/passwd', maxBytes = 100): string | null => {
    const content = readMergedFile(stack, path, maxBytes);
    return content === null ? null : Buffer.from(content).toString();
  };

  test('reads the uppermost file', () => {
    write('lower/etc/passwd', 'lower');
    expect(read()).toBe('lower');
    write('middle/etc/passwd', 'middle');
    expect(read('/etc/passwd')).toBe('middle');
    write('upper/etc/passwd', '');
    expect(read()).toBe('');
  });

  test('a whiteout hides what is below, a file and a directory', () => {
    write('lower/etc/passwd', 'lower');
    hide('middle/etc/passwd');
    expect(read()).toBeNull();
    mkdirSync(join(root, 'lower/usr'));
    write('lower/usr/x', 'x');
    hide('upper/usr');
    expect(read('usr/x')).toBeNull();
  });

  test('a file hides a directory below, and a directory a file', () => {
    mkdirSync(join(root, 'lower/a'));
    write('lower/a/x', 'x');
    write('middle/a', 'file');
    expect(read('a/x')).toBeNull();
    expect(read('a')).toBe('file');
    mkdirSync(join(root, 'upper/a'));
    write('upper/a/y', 'y');
    expect(read('a/y')).toBe('y');
    expect(read('a/x')).toBeNull();
    expect(read('a')).toBeNull();
  });

  test('symbolic links are followed through the layers, and never out of them', () => {
    link('upper/etc/passwd', '../../../../usr/share/passwd');
    mkdirSync(join(root, 'lower/usr/share'), { recursive: true });
    write('lower/usr/share/passwd', 'linked');
    expect(read()).toBe('linked');
    link('upper/abs', '/etc/passwd');
    expect(read('abs')).toBe('linked');
    link('upper/out', join(root, 'secret'));
    link('upper/up', '../secret');
    expect([read('out'), read('up')]).toEqual([null, null]);
    link('upper/dir', 'etc');
    write('middle/etc/group', 'group');
    expect(read('dir/group')).toBe('group');
  });

  test('circles, missing files and other kinds give nothing', () => {
    link('upper/etc/passwd', 'passwd');
    expect(read()).toBeNull();
    expect(read('etc/none')).toBeNull();
    expect(read('etc')).toBeNull();
    expect(read('')).toBeNull();
    execFileSync('mkfifo', [join(root, 'upper/fifo')]);
    expect(read('fifo')).toBeNull();
    execFileSync('mknod', [join(root, 'upper/zero'), 'c', '1', '5']);
    expect(read('zero')).toBeNull();
  });

  test('a file that is too large gives nothing', () => {
    write('lower/etc/passwd', 'x'.repeat(100));
    expect(read()).toHaveLength(100);
    expect(read('etc/passwd', 99)).toBeNull();
  });
});

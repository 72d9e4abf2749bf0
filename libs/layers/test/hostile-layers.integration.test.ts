import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { writeTar, type TarEntry } from '@berth/oci';
import { createTemporaryDirectory, type TemporaryDirectory } from '@berth/testkit';
import { startLayerTool, type LayerLimits, type LayerTool } from '../src/index.ts';

const native = join(import.meta.dirname, '../native');
// The sanitized build, made by `make test`, takes the same layers.
const programs = ['build/berth-layer', 'build-asan/berth-layer'].map((name) => join(native, name)).filter(existsSync);

describe.each(programs)('%s', (program) => {
  let directory: TemporaryDirectory;
  let target: string;
  let tool: LayerTool;
  let streams: TemporaryDirectory;
  beforeAll(() => {
    streams = createTemporaryDirectory();
    tool = startLayerTool({ program, streamDir: join(streams.path, 'streams') });
  });
  afterAll(async () => {
    await tool.close();
    streams[Symbol.dispose]();
  });
  beforeEach(() => {
    directory = createTemporaryDirectory();
    target = join(directory.path, 'layer');
    mkdirSync(target);
    writeFileSync(join(directory.path, 'outside'), 'untouched');
  });
  afterEach(() => {
    // Whatever a layer says, nothing outside of its directory changes.
    expect(readFileSync(join(directory.path, 'outside'), 'utf8')).toBe('untouched');
    expect(readdirSync(directory.path).sort()).toEqual(['blob', 'layer', 'outside']);
    directory[Symbol.dispose]();
  });

  function unpack(entries: readonly TarEntry[] | Buffer, limits: LayerLimits = {}) {
    const blobPath = join(directory.path, 'blob');
    writeFileSync(blobPath, Buffer.isBuffer(entries) ? entries : writeTar(entries));
    return tool.unpack({
      blobPath,
      targetDir: target,
      diffId: null,
      limits,
      signal: AbortSignal.timeout(20_000),
    });
  }

  const at = (path: string): string => join(target, path);
  const text = (path: string): string => readFileSync(at(path), 'utf8');
  const isWhiteout = (path: string): boolean =>
    lstatSync(at(path)).isCharacterDevice() && lstatSync(at(path)).rdev === 0;

  async function refuses(entries: readonly TarEntry[] | Buffer, message: RegExp, reason = 'LAYER_INVALID') {
    await expect(unpack(entries)).rejects.toMatchObject({ reason, message: expect.stringMatching(message) });
  }

  describe('names', () => {
    test.each(['../outside', 'a/../../outside', '/../outside', '..', './/..//outside', 'a/b/../../../x'])(
      'that would leave the layer are refused: %s',
      (path) => refuses([{ path, content: 'x' }], /^tar entry ".*" would leave the layer$/),
    );

    test('that are absolute are relative to the layer', async () => {
      await unpack([{ path: '/etc/absolute', content: 'inside' }]);
      expect(text('etc/absolute')).toBe('inside');
    });

    test('with dots that stay inside are cleaned', async () => {
      await unpack([{ path: './a/./b/../c', content: 'x' }]);
      expect(text('a/c')).toBe('x');
    });

    test('that are too long are refused', () =>
      refuses([{ path: `${'a'.repeat(256)}`, content: 'x' }], /name that is too long/, 'LAYER_LIMIT'));

    test('of thousands of bytes are refused', () =>
      refuses([{ path: 'ab/'.repeat(2000) + 'x', content: 'x' }], /name that is too long/, 'LAYER_LIMIT'));

    test('that are no UTF-8 or hold control characters keep their bytes, and errors about them are readable', async () => {
      await unpack([{ path: 'zähne\n"x"', content: 'x' }]);
      expect(text('zähne\n"x"')).toBe('x');
      await refuses([{ path: '../zähne\n"x"' }], /^tar entry "\.\.\/zähne\n"x"" would leave the layer$/);
    });

    test('of the layer itself must be a directory', () =>
      refuses([{ path: './', type: 'symlink', target: '/' }], /would replace the layer itself/));
  });

  describe('symbolic links', () => {
    test('as a parent lead within the layer only', async () => {
      await unpack([
        { path: 'escape', type: 'symlink', target: '../../../../../../..' },
        { path: 'escape/outside', content: 'inside' },
        { path: 'root', type: 'symlink', target: '/' },
        { path: 'root/deep/file', content: 'deep' },
      ]);
      expect(text('outside')).toBe('inside');
      expect(text('deep/file')).toBe('deep');
    });

    test('as the last component are replaced, not followed', async () => {
      await unpack([
        { path: 'link', type: 'symlink', target: join(directory.path, 'outside') },
        { path: 'link', content: 'file' },
        { path: 'link2', type: 'symlink', target: '../outside' },
        { path: 'link2', type: 'directory', mode: 0o700, uid: 7 },
        { path: 'link2/below', content: 'x' },
      ]);
      expect(text('link')).toBe('file');
      expect(text('link2/below')).toBe('x');
      expect(statSync(join(directory.path, 'outside')).uid).toBe(0);
    });

    test('that take the place of a directory are not entered by names that came before', async () => {
      await unpack([
        { path: 'd', type: 'directory' },
        { path: 'd/first', content: '1' },
        { path: 'd', type: 'symlink', target: '../..' },
        { path: 'd/outside', content: 'inside' },
      ]);
      expect(readlinkSync(at('d'))).toBe('../..');
      expect(text('outside')).toBe('inside');
    });

    test('in a circle as a parent are refused', () =>
      refuses(
        [
          { path: 'a', type: 'symlink', target: 'b' },
          { path: 'b', type: 'symlink', target: 'a' },
          { path: 'a/x', content: 'x' },
        ],
        /cannot open the directory "a"/,
      ));

    test('that dangle as a parent are refused', () =>
      refuses(
        [
          { path: 'a', type: 'symlink', target: 'nowhere' },
          { path: 'a/x', content: 'x' },
        ],
        /"a" is used as a directory and is none/,
      ));

    test('cannot build a tree too deep to be removed', async () => {
      const entries: TarEntry[] = [];
      const long = Array.from({ length: 11 }, () => 'd'.repeat(250)).join('/');
      for (let level = 0; level < 4; level++) {
        entries.push({ path: `s${level}/${long}/`.replace('s0/', ''), type: 'directory' });
        const inside = level === 0 ? long : `s${level}/${long}`;
        entries.push({ path: `s${level + 1}`, type: 'symlink', target: inside });
      }
      await refuses(entries, /lies deeper than|Too many levels|too long/, 'LAYER_LIMIT');
    });

    test('get their own owner, and their target keeps its own', async () => {
      await unpack([
        { path: 'file', content: 'x', uid: 1 },
        { path: 'link', type: 'symlink', target: 'file', uid: 2, gid: 3 },
      ]);
      expect(lstatSync(at('link'))).toMatchObject({ uid: 2, gid: 3 });
      expect(lstatSync(at('file'))).toMatchObject({ uid: 1, gid: 0 });
    });
  });

  describe('hard links', () => {
    test('to absolute names are relative to the layer', async () => {
      await unpack([
        { path: 'a/file', content: 'x' },
        { path: 'b', type: 'hardlink', target: '/a/file' },
      ]);
      expect(statSync(at('b')).ino).toBe(statSync(at('a/file')).ino);
    });

    test.each(['../outside', '/../outside', 'a/../../outside'])('out of the layer are refused: %s', (target_) =>
      refuses([{ path: 'x', type: 'hardlink', target: target_ }], /would leave the layer/),
    );

    test('through a symbolic link stay inside', () =>
      refuses(
        [
          { path: 's', type: 'symlink', target: '..' },
          { path: 'x', type: 'hardlink', target: 's/outside' },
        ],
        /names "s\/outside", which is not in this layer/,
      ));

    test('to what is not in the layer are refused', () =>
      refuses([{ path: 'x', type: 'hardlink', target: 'lower/file' }], /"lower\/file", which is not in this layer/));

    test('to a whiteout or a directory are refused', async () => {
      await refuses([{ path: '.wh.a' }, { path: 'x', type: 'hardlink', target: 'a' }], /"a", which is no file/);
      await refuses(
        [
          { path: 'd/', type: 'directory' },
          { path: 'x', type: 'hardlink', target: 'd' },
        ],
        /"d", which is no file/,
      );
    });

    test('to themselves change nothing', async () => {
      await unpack([
        { path: 'a', content: 'x' },
        { path: 'a', type: 'hardlink', target: 'a' },
        { path: 'b', type: 'hardlink', target: 'a' },
        { path: 'b', type: 'hardlink', target: 'a' },
      ]);
      expect(text('b')).toBe('x');
    });

    test('to a file inside the directory that they replace are refused', () =>
      refuses(
        [
          { path: 'd/file', content: 'x' },
          { path: 'd', type: 'hardlink', target: 'd/file' },
        ],
        /not in this layer/,
      ));

    test('to a symbolic link link the link', async () => {
      await unpack([
        { path: 's', type: 'symlink', target: '../outside' },
        { path: 'x', type: 'hardlink', target: 's' },
        { path: 'x', content: 'new' },
      ]);
      expect(text('x')).toBe('new');
      expect(readlinkSync(at('s'))).toBe('../outside');
    });
  });

  describe('whiteouts', () => {
    test('become character devices 0:0', async () => {
      await unpack([{ path: 'd/', type: 'directory' }, { path: 'd/.wh.gone' }, { path: '.wh..hidden' }]);
      expect(isWhiteout('d/gone')).toBe(true);
      expect(isWhiteout('.hidden')).toBe(true);
      expect(existsSync(at('d/.wh.gone'))).toBe(false);
    });

    test.each(['.wh.', '.wh..', '.wh...', 'd/.wh..', '.wh.d/file'])('that mean nothing are refused: %s', (path) =>
      refuses([{ path, content: '' }], /is no valid whiteout/),
    );

    test('of aufs are skipped', async () => {
      await unpack([
        { path: '.wh..wh.plnk/1.2', content: 'x' },
        { path: '.wh..wh.aufs', content: 'x' },
      ]);
      expect(readdirSync(target)).toEqual([]);
    });

    test('do not hide what the same layer has, in either order', async () => {
      await unpack([
        { path: '.wh.a' },
        { path: 'a', content: 'new' },
        { path: 'b', content: 'new' },
        { path: '.wh.b' },
        { path: '.wh.c' },
        { path: 'c/file', content: 'new' },
      ]);
      expect([text('a'), text('b'), text('c/file')]).toEqual(['new', 'new', 'new']);
    });

    test('below what is no directory hide nothing', async () => {
      await unpack([{ path: 'file', content: 'x' }, { path: 'file/.wh.x' }, { path: 'file/.wh..wh..opq' }]);
      expect(text('file')).toBe('x');
    });
  });

  describe('other entries', () => {
    test('that come twice: the last one counts', async () => {
      await unpack([
        { path: 'x', type: 'directory' },
        { path: 'x/below', content: '1' },
        { path: 'x', content: 'file' },
        { path: 'y', content: 'file' },
        { path: 'y', type: 'directory', mode: 0o700 },
        { path: 'y/below', content: '2' },
        { path: 'y', type: 'directory', mode: 0o711 },
      ]);
      expect(text('x')).toBe('file');
      expect(text('y/below')).toBe('2');
      expect(statSync(at('y')).mode & 0o7777).toBe(0o711);
    });

    test('below a file are refused', () =>
      refuses(
        [
          { path: 'f', content: 'x' },
          { path: 'f/x', content: 'x' },
        ],
        /"f" is used as a directory and is none/,
      ));

    test('may be devices and fifos', async () => {
      await unpack([
        { path: 'fifo', type: 'fifo', mode: 0o622 },
        { path: 'null', type: 'character-device', mode: 0o666 },
      ]);
      expect(lstatSync(at('fifo')).isFIFO()).toBe(true);
      expect(lstatSync(at('null')).isCharacterDevice()).toBe(true);
    });

    test('of an unknown owner are refused', () =>
      refuses([{ path: 'x', content: 'x', pax: { uid: '4294967295' } }], /an owner that is out of range/));

    test('keep the setuid bit although they have an owner', async () => {
      await unpack([{ path: 'x', content: 'x', mode: 0o4755, uid: 5, gid: 6 }]);
      expect(statSync(at('x'))).toMatchObject({ uid: 5, gid: 6, mode: 0o104755 });
    });

    test('of a size beyond the limit are refused, and sparse files cannot hide it', async () => {
      const sparse = {
        'GNU.sparse.major': '1',
        'GNU.sparse.minor': '0',
        'GNU.sparse.name': 'bomb',
        'GNU.sparse.realsize': '9000000000000000000',
      };
      const map = Buffer.alloc(512);
      map.write('1\n9000000000000000000\n0\n');
      await refuses([{ path: 'bomb', content: map, pax: sparse }], /larger than|not a valid tar/, 'LAYER_LIMIT');
    });

    test('in too great a number are refused', async () => {
      const entries = Array.from({ length: 20 }, (_, index) => ({ path: `f${index}`, content: 'x' }));
      await expect(unpack(entries, { maxEntries: 10 })).rejects.toMatchObject({ reason: 'LAYER_LIMIT' });
    });
  });

  test('a layer of nothing is an empty layer', async () => {
    expect(await unpack([])).toMatchObject({ entries: 0, sizeBytes: 0, root: null });
  });

  test('the root says how it wants to be', async () => {
    const layer = await unpack([{ path: './', type: 'directory', mode: 0o1750, uid: 4, gid: 5 }]);
    expect(layer.root).toEqual({ mode: 0o1750, uid: 4, gid: 5 });
  });

  test('times of directories are those of the layer, although files came later', async () => {
    await unpack([
      { path: 'd/', type: 'directory', mtime: 1000 },
      { path: 'd/x', content: 'x', mtime: 2000 },
      { path: 'late', content: 'x', pax: { mtime: '1234567890.123456789' } },
    ]);
    expect(statSync(at('d')).mtimeMs).toBe(1_000_000);
    expect(statSync(at('late'), { bigint: true }).mtimeNs).toBe(1_234_567_890_123_456_789n);
  });
});

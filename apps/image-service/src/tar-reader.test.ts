import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { tarHeader, writeTar, type TarEntry } from '@berth/oci';
import { readTar } from './tar-reader.ts';

/** An archive as a file. */
function fileOf(bytes: Uint8Array): Parameters<typeof readTar>[0] {
  async function read(buffer: Uint8Array, at: number, length: number, position: number) {
    const part = bytes.subarray(position, position + length);
    buffer.set(part, at);
    return await Promise.resolve({ bytesRead: part.length, buffer });
  }
  return { read: read as FileHandle['read'] };
}

/** What is read, as `path=content` and `path->target`. */
async function list(bytes: Uint8Array): Promise<string[]> {
  const found: string[] = [];
  for await (const { path, type, target, offset, size } of readTar(fileOf(bytes))) {
    const content = Buffer.from(bytes.subarray(offset, offset + size)).toString();
    found.push(type === 'file' ? `${path}=${content}` : `${path}->${target}`);
  }
  return found;
}

const LONG = `${'d'.repeat(90)}/${'e'.repeat(90)}/f`;
const ENTRIES: TarEntry[] = [
  { path: 'empty' },
  { path: LONG, content: 'x'.repeat(1000) },
  { path: 'link', type: 'symlink', target: LONG },
  { path: 'large', content: 'z'.repeat(100_000) },
  { path: '../out', content: 'y'.repeat(512) },
];

test('tells where the content of the entries is', async () => {
  expect(await list(writeTar(ENTRIES))).toEqual([
    'empty=',
    `${LONG}=${'x'.repeat(1000)}`,
    `link->${LONG}`,
    `large=${'z'.repeat(100_000)}`,
    `../out=${'y'.repeat(512)}`,
  ]);
});

test.each(['gnu', 'ustar', 'pax', 'v7'])('reads what GNU tar writes as %s', async (format) => {
  const dir = mkdtempSync('/tmp/berth-');
  try {
    const name = format === 'v7' ? 'short' : LONG;
    mkdirSync(join(dir, LONG, '..'), { recursive: true });
    writeFileSync(join(dir, name), 'content');
    expect(await list(execFileSync('tar', ['-c', `--format=${format}`, '-C', dir, name]))).toEqual([`${name}=content`]);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('what an entry says to have, but is too much for an octal number, stands in a pax record', async () => {
  const header = tarHeader({ path: 'huge' }, 2 ** 40);
  for await (const entry of readTar(fileOf(header))) {
    expect(entry).toMatchObject({ path: 'huge', size: 2 ** 40 });
    break;
  }
});

const good = writeTar([{ path: 'a', content: 'b'.repeat(1000) }]);

test.each<[string, Uint8Array]>([
  ['no tar', Buffer.alloc(600, 'x')],
  ['a header that is cut off', good.subarray(0, 100)],
  ['content that is cut off', good.subarray(0, 1000)],
  ['padding that is cut off', good.subarray(0, 1513)],
  ['a pax record without end', writeTar([{ path: 'a', pax: { path: 'b' } }]).fill('1', 512, 513)],
  ['a pax size that is none', writeTar([{ path: 'a', pax: { size: '-1' } }])],
  ['an extended header of 2 MiB', tarHeader({ path: 'a', pax: { x: 'y'.repeat(2 * 1024 * 1024) } }, 0)],
])('refuses %s', async (_what, bytes) => {
  await expect(list(bytes)).rejects.toMatchObject({ reason: 'ARCHIVE_INVALID' });
});

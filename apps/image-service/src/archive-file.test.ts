import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readArchiveFile, type ArchiveFile } from './archive-file.ts';

const CONTENT = Buffer.alloc(2_500_000, 'content');

let dir: string;
let file: ArchiveFile;
beforeEach(() => {
  dir = mkdtempSync('/tmp/berth-');
  writeFileSync(join(dir, 'file'), CONTENT);
  file = identify(join(dir, 'file'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function identify(path: string): ArchiveFile {
  const { dev, ino } = statSync(path, { bigint: true });
  return { path, device: dev, inode: ino };
}

async function read(from: ArchiveFile): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readArchiveFile(from)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('reads the file that a client has open', async () => {
  expect((await read(file)).equals(CONTENT)).toBe(true);
});

test('takes no other for it, and waits for none', async () => {
  writeFileSync(join(dir, 'other'), 'other');
  execFileSync('mkfifo', [join(dir, 'pipe')]);
  const others = [
    { ...file, path: join(dir, 'gone') },
    { ...file, path: 'file' },
    { ...file, path: join(dir, 'other') },
    { ...file, device: file.device + 1n },
    identify(dir),
    identify(join(dir, 'pipe')),
  ];
  for (const other of others) await expect(read(other)).rejects.toMatchObject({ reason: 'FILE_NOT_SEEN' });
});

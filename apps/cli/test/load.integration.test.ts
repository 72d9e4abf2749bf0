// `berth load` against a fake engine that sees the client's files, or does not.
import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { BerthError } from '@berth/errors';
import type { LoadImagesRequest } from '@berth/proto/image';
import { startFakeEngine, type FakeEngine } from './fake-services.ts';
import { runCli } from './run-cli.ts';

const CONTENT = Buffer.alloc(600_000, 'content');

let engine: FakeEngine;
let dir: string;
let asked: (LoadImagesRequest['file'] | string)[];
let isSeen: boolean;
beforeEach(async () => {
  dir = mkdtempSync('/tmp/berth-');
  writeFileSync(join(dir, 'archive'), CONTENT);
  symlinkSync('archive', join(dir, 'link'));
  asked = [];
  isSeen = true;
  engine = await startFakeEngine({ image: { loadImages } });
});
afterEach(async () => {
  await engine[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

async function* loadImages(requests: AsyncIterable<LoadImagesRequest>) {
  let size = 0;
  for await (const { data, file } of requests) {
    if (file !== undefined) asked.push(file);
    if (file !== undefined && !isSeen) throw new BerthError('FILE_NOT_SEEN', 'not seen');
    size += data.length;
  }
  if (size > 0) asked.push(`${size} bytes`);
  yield { references: ['docker.io/library/a:1'] };
}

const load = () => runCli(['load', '-i', join(dir, 'link')], { root: engine.root });

test('an engine that sees the file is told its real path', async () => {
  expect((await load()).stdout).toBe('Loaded image: a:1\n');
  const path = join(dir, 'archive');
  const { dev, ino } = statSync(path, { bigint: true });
  expect(asked).toEqual([{ path, device: dev, inode: ino }]);
});

test('an engine that does not is sent it', async () => {
  isSeen = false;
  expect((await load()).stdout).toBe('Loaded image: a:1\n');
  expect(asked.slice(1)).toEqual(['600000 bytes']);
});

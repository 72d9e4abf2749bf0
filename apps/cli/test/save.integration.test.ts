// `berth save` against a fake engine that has part of an archive in files.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { SaveImagesRequest } from '@berth/proto/image';
import { startFakeEngine, type FakeEngine } from './fake-services.ts';
import { runCli } from './run-cli.ts';

const CONTENT = Buffer.alloc(2_500_000, 'content');
const WHOLE = `head${CONTENT.toString()}middle${CONTENT.toString()}end`;

let engine: FakeEngine;
let dir: string;
let asked: boolean[];
/** The paths that the engine tells of its two files. */
let paths: [string, string];
beforeEach(async () => {
  dir = mkdtempSync('/tmp/berth-');
  asked = [];
  paths = [join(dir, 'blob'), join(dir, 'blob')];
  writeFileSync(paths[0], CONTENT);
  engine = await startFakeEngine({ image: { saveImages } });
});
afterEach(async () => {
  await engine[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

async function* saveImages({ acceptsFiles }: SaveImagesRequest) {
  asked.push(acceptsFiles);
  const blob = (path: string) =>
    acceptsFiles ? { file: { path, sizeBytes: BigInt(CONTENT.length) } } : { data: CONTENT };
  yield { data: Buffer.from('head') };
  yield blob(paths[0]);
  yield { data: Buffer.from('middle') };
  yield blob(paths[1]);
  yield await Promise.resolve({ data: Buffer.from('end') });
}

const save = (...argv: string[]) => runCli(['save', ...argv, 'image'], { root: engine.root });

test('what the engine has in files is read there', async () => {
  await save('-o', join(dir, 'out.tar'));
  expect(readFileSync(join(dir, 'out.tar'), 'utf8') === WHOLE).toBe(true);
  expect(asked).toEqual([true]);
});

test('a client that does not find them is sent it, each byte once', async () => {
  paths = [join(dir, 'elsewhere'), join(dir, 'blob')];
  expect((await save()).stdout === WHOLE).toBe(true);
  expect(asked).toEqual([true, false]);
});

test.each([
  ['goes meanwhile', () => (paths[1] = join(dir, 'gone'))],
  ['is cut meanwhile', () => writeFileSync((paths[1] = join(dir, 'cut')), 'short')],
])('a file that %s is told, and no half archive stays', async (_, spoil) => {
  spoil();
  const result = await save('-o', join(dir, 'out.tar'));
  expect(result.code).toBe(1);
  expect(result.stderr).toContain(`${paths[1]}`);
  expect(() => readFileSync(join(dir, 'out.tar'))).toThrow();
});

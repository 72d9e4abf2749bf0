import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { sha256Digest, writeTar } from '@berth/oci';
import { createTemporaryDirectory, type TemporaryDirectory } from '@berth/testkit';
import { startLayerTool, type LayerTool } from '../src/index.ts';

const program = join(import.meta.dirname, '../native/build/berth-layer');

describe('unpack', () => {
  let tool: LayerTool;
  let directory: TemporaryDirectory;
  let targetDir: string;
  let blobPath: string;
  beforeEach(() => {
    directory = createTemporaryDirectory();
    targetDir = join(directory.path, 'layer');
    blobPath = join(directory.path, 'blob');
    tool = startLayerTool({ program, streamDir: join(directory.path, 'streams') });
    mkdirSync(targetDir);
  });
  afterEach(async () => {
    await tool.close();
    directory[Symbol.dispose]();
  });

  const tar = writeTar([
    { path: 'etc/passwd', content: 'root:x:0:0\n' },
    { path: 'bin/sh', content: 'x'.repeat(1000) },
  ]);
  const signal = (): AbortSignal => AbortSignal.timeout(20_000);

  test('unpacks a compressed layer and tells what it held', async () => {
    writeFileSync(blobPath, gzipSync(tar));
    const read: number[] = [];
    const diffId = sha256Digest(tar);
    const onProgress = (bytes: number): void => void read.push(bytes);
    const layer = await tool.unpack({ blobPath, targetDir, diffId, signal: signal(), onProgress });
    expect(layer).toEqual({ diffId, sizeBytes: 1011, entries: 2, root: null });
    expect(existsSync(join(targetDir, 'bin/sh'))).toBe(true);
    expect(read.at(-1)).toBeLessThanOrEqual(gzipSync(tar).length);
  });

  test('refuses a layer whose content is not what was promised', async () => {
    writeFileSync(blobPath, tar);
    const diffId = sha256Digest(Buffer.from('other'));
    const unpacking = tool.unpack({ blobPath, targetDir, diffId, signal: signal() });
    await expect(unpacking).rejects.toMatchObject({
      reason: 'DIGEST_MISMATCH',
      message: `the layer's content is ${sha256Digest(tar)}, not ${diffId} as its image says`,
    });
  });

  test('ends the process and says CANCELLED when it is aborted', async () => {
    writeFileSync(
      blobPath,
      writeTar(Array.from({ length: 20_000 }, (_, index) => ({ path: `f${index}`, content: 'x' }))),
    );
    const stop = new AbortController();
    const unpacking = tool.unpack({ blobPath, targetDir, diffId: null, signal: stop.signal });
    setTimeout(() => stop.abort(), 20);
    await expect(unpacking).rejects.toMatchObject({ reason: 'CANCELLED' });
    await expect(tool.unpack({ blobPath, targetDir, diffId: null, signal: stop.signal })).rejects.toMatchObject({
      reason: 'CANCELLED',
    });
  });

  test('a tool that is missing or dies is an internal error', async () => {
    writeFileSync(blobPath, tar);
    for (const broken of ['/nonexistent/berth-layer', '/bin/false']) {
      const unpacking = startLayerTool({ program: broken, streamDir: join(directory.path, 'streams') }).unpack({
        blobPath,
        targetDir,
        diffId: null,
        signal: signal(),
      });
      await expect(unpacking).rejects.toMatchObject({ reason: 'INTERNAL' });
    }
  });
});

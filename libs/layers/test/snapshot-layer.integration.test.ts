import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createTemporaryDirectory, type TemporaryDirectory } from '@berth/testkit';
import { startLayerTool, type LayerTool, type SnapshotLayers } from '../src/index.ts';

const program = join(import.meta.dirname, '../native/build/berth-layer');
const signal = (): AbortSignal => AbortSignal.timeout(20_000);

let tool: LayerTool;
let directory: TemporaryDirectory;
let source: SnapshotLayers;

beforeEach(() => {
  directory = createTemporaryDirectory();
  const path = (name: string): string => join(directory.path, name);
  tool = startLayerTool({ program, streamDir: path('streams') });
  for (const name of ['upper/etc', 'upper/proc', 'layers/1/etc', 'target']) mkdirSync(path(name), { recursive: true });
  writeFileSync(path('layers/1/etc/passwd'), 'root');
  writeFileSync(path('upper/etc/passwd'), 'root and more');
  writeFileSync(path('upper/etc/neu\nwie älter'), '');
  source = { upperDir: path('upper'), layersDir: path('layers'), lowerDirs: ['1'], mountPoints: ['proc'] };
});
afterEach(async () => {
  await tool.close();
  directory[Symbol.dispose]();
});

describe('changes', () => {
  test('tells what differs, whatever bytes the names have, and leaves no socket behind', async () => {
    expect(await tool.changes(source, signal())).toEqual([
      { path: '/etc', kind: 'changed' },
      { path: '/etc/neu\nwie älter', kind: 'added' },
      { path: '/etc/passwd', kind: 'changed' },
    ]);
    expect(readdirSync(join(directory.path, 'streams'))).toEqual([]);
  });

  test('tells of more changes than a pipe holds', async () => {
    for (let index = 0; index < 100; index++) {
      const dir = join(source.upperDir, `d${index}`);
      mkdirSync(dir);
      for (let file = 0; file < 100; file++) writeFileSync(join(dir, 'n'.repeat(200) + file), '');
    }
    expect(await tool.changes(source, signal())).toHaveLength(100 + 100 * 100 + 3);
  });

  test('throws when there is nothing to read, and when it is cancelled', async () => {
    await expect(tool.changes({ ...source, upperDir: '/none' }, signal())).rejects.toMatchObject({
      reason: 'INTERNAL',
    });
    await expect(tool.changes(source, AbortSignal.abort())).rejects.toMatchObject({ reason: 'CANCELLED' });
    expect(readdirSync(join(directory.path, 'streams'))).toEqual([]);
  });
});

describe('commit', () => {
  test('makes the same layer of the same content', async () => {
    const again = join(directory.path, 'again');
    mkdirSync(again);
    const targetDir = join(directory.path, 'target');
    const layer = await tool.commit({ ...source, targetDir, squash: false, signal: signal() });
    expect(layer).toMatchObject({ sizeBytes: 13, entries: 4, root: { mode: 0o755, uid: 0, gid: 0 } });
    expect(readdirSync(join(targetDir, 'etc')).sort()).toEqual(['neu\nwie älter', 'passwd']);
    const request = { ...source, upperDir: targetDir, targetDir: again, squash: false, signal: signal() };
    expect(await tool.commit(request)).toEqual(layer);
  });

  test('refuses a layer that is too large', async () => {
    const targetDir = join(directory.path, 'target');
    const committing = tool.commit({
      ...source,
      targetDir,
      squash: true,
      limits: { maxEntries: 2 },
      signal: signal(),
    });
    await expect(committing).rejects.toMatchObject({ reason: 'LAYER_LIMIT', message: 'there are more than 2 files' });
  });
});

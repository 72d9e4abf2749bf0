import { getEventListeners } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { writeTar } from '@berth/oci';
import { createTemporaryDirectory } from '@berth/testkit';
import { startContainerFileTool } from '../src/index.ts';

const program = join(import.meta.dirname, '../native/build/berth-layer');

test('a signal that lives on keeps nothing of what is unpacked and read', async () => {
  using directory = createTemporaryDirectory();
  const root = { directory: join(directory.path, 'root') };
  mkdirSync(root.directory);
  await using tool = startContainerFileTool({ program, streamDir: join(directory.path, 'streams') });
  const { signal } = new AbortController();
  const data = (async function* () {
    yield await Promise.resolve(writeTar([{ path: 'file', content: 'text' }]));
  })();
  await tool.extract(root, '/', { keepPlace: false, owner: null, data, signal });
  expect(readFileSync(join(root.directory, 'file'), 'utf8')).toBe('text');
  await tool.stat(root, '/file', { follow: false, signal });
  for await (const part of tool.archive(root, '/file', { follow: false, whole: false, signal }))
    expect(part).toBeDefined();
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

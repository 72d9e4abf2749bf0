import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { startCopyProgress } from './copy-progress.ts';

async function* pieces(): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(1_000);
  await new Promise((resolve) => setTimeout(resolve, 200));
  yield Buffer.alloc(1_048);
}

test.each([true, false])('what has been copied is counted, and shown when it is to be: %s', async (isShown) => {
  const stderr = new PassThrough({ encoding: 'utf8' });
  const progress = startCopyProgress({ stderr }, 'Copying to container - ', isShown);
  for await (const _ of progress.count(pieces()));
  progress.end();
  expect(progress.bytes).toBe(2_048);
  const begin = '\x1b[sPreparing to copy...\x1b[?25l\x1b[u\x1b[2KCopying to container - 0B';
  const text = `${begin}\x1b[24G\x1b[0K1kB\x1b[?25h\x1b[u\x1b[2K`;
  expect(stderr.read()).toBe(isShown ? text : null);
});

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, test } from '@jest/globals';
import { beginExchange, finishExchange } from './exchange-contents.ts';

test('contents come in where a program makes a directory of their name again and again', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'berth-'));
  const data = join(dir, '_data');
  const program = `const { mkdirSync } = require('node:fs');
    for (;;) try { mkdirSync(${JSON.stringify(join(data, 'a/theirs'))}, { recursive: true }); } catch {}`;
  const worker = new Worker(program, { eval: true });
  try {
    await new Promise((resolve) => worker.once('online', resolve));
    for (let round = 0; round < 100; round++) {
      mkdirSync(join(dir, 'new/a'), { recursive: true });
      writeFileSync(join(dir, 'new/a/ours'), '');
      mkdirSync(data, { recursive: true });
      beginExchange(dir, join(dir, 'new'));
      expect(finishExchange(dir, data, join(dir, `trash-${round}`))).toBe(true);
      expect(existsSync(join(data, 'a/ours'))).toBe(true);
    }
  } finally {
    await worker.terminate();
    rmSync(dir, { recursive: true });
  }
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { describeProcess, isAlive, readProcessRecord, writeProcessRecord } from './process-record.ts';

const dir = mkdtempSync('/tmp/berth-');
afterAll(() => rmSync(dir, { recursive: true }));

function describeSelf() {
  const record = describeProcess(process.pid);
  if (record === null) throw new Error('this process is gone');
  return record;
}

test('a record survives a round trip through its file', () => {
  const file = join(dir, 'pids/a.json');
  writeProcessRecord(file, describeSelf());
  expect(readProcessRecord(file)).toEqual(describeSelf());
});

test('a missing, cut or foreign file is no record', () => {
  const file = join(dir, 'b.json');
  expect(readProcessRecord(file)).toBeNull();
  for (const text of ['', '{"pid": 1', '{"pid": "1", "startTicks": 1, "bootId": "x"}']) {
    writeFileSync(file, text);
    expect(readProcessRecord(file)).toBeNull();
  }
});

test('a later process with the same pid is not the recorded one', () => {
  expect(isAlive(describeSelf())).toBe(true);
  expect(isAlive({ ...describeSelf(), startTicks: describeSelf().startTicks - 1 })).toBe(false);
  expect(isAlive({ ...describeSelf(), bootId: 'another boot' })).toBe(false);
});

test('a process that ended is not alive', async () => {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const record = describeProcess(child.pid ?? 0);
  expect(record && isAlive(record)).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(record && isAlive(record)).toBe(false);
});

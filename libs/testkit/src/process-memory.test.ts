import { execFile } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { parseParentPid, parsePssKib, peakPssKib, readParentPid, readPssKib } from './process-memory.ts';

test('the proportional set size is the line Pss', () => {
  expect(parsePssKib('00400000-7fff [rollup]\nRss:      5000 kB\nPss:      1234 kB\nPss_Dirty:  100 kB\n')).toBe(1234);
  expect(() => parsePssKib('Rss: 1 kB\n')).toThrow('no line Pss');
});

test('a name with blanks and parentheses hides no parent', () => {
  expect(parseParentPid('42 (a ) b) S 7 42 42 0')).toBe(7);
});

test('this process has memory and a parent', () => {
  expect(readPssKib(process.pid)).toBeGreaterThan(1000);
  expect(readParentPid(process.pid)).toBe(process.ppid);
});

test('the most that a process and its children had while something ran', async () => {
  const run = () => new Promise<void>((resolve) => execFile('sleep', ['0.1'], () => resolve()));
  expect(await peakPssKib(process.pid, run)).toBeGreaterThan(1000);
  await expect(peakPssKib(process.pid, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
});

import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createMemoryEngine } from '../adapters/memory-engine.ts';
import type { LogPosition } from '../ports/process.ts';
import { createClientLogs, type ClientLog, type ClientLogs } from './client-logs.ts';

const RECORDS_PER_FILE = 3;

/** A log as its keeper writes it: `a1`, `a2` … one a record, three records a file, at most three files. */
function createLog(path: string) {
  let total = 0;
  let count = 0;
  let files: string[][] = [[]];
  const current = (): string[] => files.at(-1) ?? [];

  function save(): void {
    for (const [index, records] of files.toReversed().entries()) {
      writeFileSync(index === 0 ? path : `${path}.${index}`, records.join(''));
    }
  }

  return {
    write(data: string, stream = 'stdout', tag = 'F') {
      if (current().length === RECORDS_PER_FILE) files = [...files, []].slice(-3);
      const record = `2026-11-24T05:41:37.${String(++count).padStart(9, '0')}Z ${stream} ${tag} ${data}\n`;
      current().push(record);
      total += record.length;
      save();
    },
    position(): LogPosition {
      const text = current().join('');
      return { totalBytes: total, offsetBytes: text.length, file: text.slice(0, 30) };
    },
  };
}

const RECORD_BYTES = '2026-11-24T05:41:37.000000001Z stdout F a1\n'.length;

let directory: string;
let path: string;
let logs: ClientLogs;
let client: ClientLog;

beforeEach(() => {
  directory = mkdtempSync('/tmp/berth-logs-');
  path = join(directory, 'container.log');
  const { files } = createMemoryEngine();
  logs = createClientLogs({ files: { ...files, paths: (id) => ({ ...files.paths(id), log: path }) } });
  client = logs.open('c1');
});

afterEach(async () => {
  await client[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

async function gap(from: LogPosition, to: LogPosition | null): Promise<string[]> {
  const seen: string[] = [];
  for await (const chunk of client.readGap({ stream: 'log', from, to })) {
    seen.push(chunk.stream === 'lost' ? `lost ${chunk.bytes}` : `${chunk.stream} ${chunk.data}`);
  }
  return seen;
}

describe('what a client lacks', () => {
  test('is read from its log, over all its files, byte for byte', async () => {
    const log = createLog(path);
    log.write('a1');
    const from = log.position();
    log.write('a2', 'stderr');
    log.write('a3', 'stderr', 'P');
    log.write('a4', 'stderr');
    log.write('a5');
    const to = log.position();
    log.write('a6');
    log.write('a7');
    expect(await gap(from, to)).toEqual(['stderr a2\na3', 'stderr a4\n', 'stdout a5\n']);
  });

  test('is nothing when nothing came meanwhile', async () => {
    const log = createLog(path);
    expect(await gap(log.position(), log.position())).toEqual([]);
    log.write('a1');
    expect(await gap(log.position(), log.position())).toEqual([]);
  });

  test('is told in bytes when it was rotated away', async () => {
    const log = createLog(path);
    log.write('a1');
    const from = log.position();
    for (let n = 2; n <= 9; n++) log.write(`a${n}`);
    expect((await gap(from, log.position())).join('')).not.toContain('lost');
    log.write('b1');
    const to = log.position();
    expect(await gap(from, to)).toEqual([
      `lost ${2 * RECORD_BYTES}`,
      'stdout a4\na5\na6\n',
      'stdout a7\na8\na9\n',
      'stdout b1\n',
    ]);
    for (let n = 1; n <= 9; n++) log.write(`c${n}`);
    expect(await gap(from, to)).toEqual([`lost ${9 * RECORD_BYTES}`]);
  });

  test('goes to the end of the log when its writer is gone', async () => {
    const log = createLog(path);
    for (let n = 1; n <= 4; n++) log.write(`a${n}`);
    const from = log.position();
    for (let n = 5; n <= 7; n++) log.write(`a${n}`);
    expect(await gap(from, null)).toEqual(['stdout a5\na6\n', 'stdout a7\n']);
  });

  test('outlives the files of the container, as long as it has a client', async () => {
    const log = createLog(path);
    log.write('a1');
    const from = log.position();
    log.write('a2');
    await logs.keep('c1');
    await logs.keep('nobody');
    renameSync(path, `${path}.gone`);
    expect(await gap(from, log.position())).toEqual(['stdout a2\n']);
    await client[Symbol.asyncDispose]();
    client = logs.open('c1');
    await expect(gap(from, log.position())).resolves.toEqual([`lost ${RECORD_BYTES}`]);
  });
});

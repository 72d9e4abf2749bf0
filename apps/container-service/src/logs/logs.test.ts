import { appendFileSync, mkdtempSync, readdirSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { waitFor } from '@berth/testkit';
import { createActiveContainers, type ActiveContainerControl, type ActiveContainers } from '../active-containers.ts';
import { aConfig, createMemoryEngine } from '../adapters/memory-engine.ts';
import { advance } from '../container.ts';
import { createLogAssembler } from './log-assembler.ts';
import { collectEntries } from './log-entries.ts';
import { findRecord, isFullRecord, timeOf } from './log-record.ts';
import { collectText } from './log-text.ts';
import { createLogReader, type LogReader } from './read-logs.ts';

const time = (n: number): string => `2026-11-24T05:41:37.${String(n).padStart(9, '0')}Z`;
const record = (text: string, { tag = 'F', stream = 'stdout', n = 1 } = {}): string =>
  `${time(n)} ${stream} ${tag} ${text}\n`;

/** The files of a log that this process has open. */
function openFiles(log: string): string[] {
  const targets = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return targets.filter((target) => target.startsWith(log));
}

/** The time of a record without nanoseconds. */
const FIRST_NS = 1_795_498_897_000_000_000n;

/** The parts of a line of a log, which stands behind another one. */
function partsOf(text: string) {
  const bytes = Buffer.from(`before\n${text}`);
  const found = findRecord(bytes, 7, bytes.length);
  if (found === null) return null;
  const { stream, full, dataStart, dataEnd } = found;
  return { timeNs: timeOf(found), stream, full, data: bytes.toString('utf8', dataStart, dataEnd) };
}

describe('a log record', () => {
  test('has a time to the nanosecond, a stream, and the line with its end', () => {
    const timeNs = FIRST_NS + 123_456_789n;
    const parts = { timeNs, stream: 'stderr', data: 'a b\n', full: true };
    expect(partsOf(record('a b', { stream: 'stderr', n: 123_456_789 }))).toEqual(parts);
  });

  test('of a piece has no end of line', () => {
    const piece = record('piece', { tag: 'P' });
    expect(partsOf(piece)).toMatchObject({ data: 'piece', full: false });
    expect([isFullRecord(Buffer.from(piece)), isFullRecord(Buffer.from(record('')))]).toEqual([false, true]);
  });

  test('may have a short fraction, or none', () => {
    expect(partsOf('2026-11-24T05:41:37.5Z stdout F x\n')).toMatchObject({ timeNs: FIRST_NS + 500_000_000n });
    expect(partsOf('2026-11-24T05:41:37Z stdout F x\n')).toMatchObject({ timeNs: FIRST_NS, data: 'x\n' });
  });

  test.each(['\n', 'x\n', 'garbage that is long enough to be one\n', `${time(1)} stdout\n`, `${time(1)} stdoutF x\n`])(
    'that is damaged, such as %j, is none',
    (line) => expect(partsOf(line)).toBeNull(),
  );

  test('of no day has no time', () => {
    expect(partsOf(record('x').replace('-11-', '-13-'))).toMatchObject({ timeNs: null });
  });
});

const ALWAYS = { sinceNs: null, untilNs: null };
const assembleEntries = () => createLogAssembler(ALWAYS, collectEntries());

describe('the assembler', () => {
  const texts = (entries: { stream: string; data: Buffer }[]) => entries.map(({ stream, data }) => `${stream}:${data}`);

  test('joins pieces per stream, over any cut of the bytes', () => {
    const bytes = Buffer.from(
      record('a', { tag: 'P' }) +
        record('x', { tag: 'P', stream: 'stderr' }) +
        record('b') +
        record('y', { stream: 'stderr' }),
    );
    for (let cut = 0; cut <= bytes.length; cut++) {
      const assembler = assembleEntries();
      const entries = [...assembler.push(bytes.subarray(0, cut)), ...assembler.push(bytes.subarray(cut))];
      expect(texts(entries)).toEqual(['stdout:ab\n', 'stderr:xy\n']);
    }
  });

  const mixed =
    record('a', { n: 1 }) +
    record('b', { n: 2 }) +
    record('c', { n: 3, tag: 'P' }) +
    record('oops', { n: 4, stream: 'stderr' }) +
    record('d', { n: 5 }) +
    record('e', { n: 6, tag: 'P' });

  test.each([
    [false, ['a\nb\n', 'oops\n', 'cd\n', 'e']],
    [true, [`${time(1)} a\n${time(2)} b\n`, `${time(4)} oops\n`, `${time(3)} cd\n`, `${time(6)} e`]],
  ])('makes text, with timestamps: %p', (timestamps, expected) => {
    const assembler = createLogAssembler(ALWAYS, collectText(timestamps));
    const items = [...assembler.push(Buffer.from(mixed)), ...assembler.flush()];
    expect(items.map(({ data }) => String(data))).toEqual(expected);
  });

  test('makes the same text over any cut of the bytes', () => {
    const outputs = Array.from({ length: mixed.length + 1 }, (_, cut) => {
      const assembler = createLogAssembler(ALWAYS, collectText(true));
      const cuts = [mixed.slice(0, cut), mixed.slice(cut)].map((part) => Buffer.from(part));
      const items = [...cuts.flatMap((part) => assembler.push(part)), ...assembler.flush()];
      return items.map(({ stream, data }) => `${stream === 'stderr' ? '!' : ''}${data}`).join('');
    });
    expect(new Set(outputs).size).toBe(1);
  });

  test('gives a line that comes in pieces one time', () => {
    const assembler = createLogAssembler(ALWAYS, collectText(true));
    const datas = [record('prompt: ', { n: 1, tag: 'P' }), record('yes', { n: 2 }), record('next', { n: 3 })].map(
      (text) => [...assembler.push(Buffer.from(text)), ...assembler.flush()].map(({ data }) => String(data)).join(''),
    );
    expect(datas).toEqual([`${time(1)} prompt: `, 'yes\n', `${time(3)} next\n`]);
  });

  test('hands on what waits when it is asked to, and long lines in pieces', () => {
    const assembler = assembleEntries();
    assembler.push(Buffer.from(record('prompt: ', { tag: 'P' })));
    expect([texts(assembler.flush()), assembler.flush()]).toEqual([['stdout:prompt: '], []]);
    const piece = Buffer.from(record('z'.repeat(16_384), { tag: 'P' }));
    const entries = Array.from({ length: 16 }, () => assembler.push(piece)).flat();
    expect(entries.map(({ data }) => data.length)).toEqual([262_144]);
  });

  test('leaves damaged records out', () => {
    const assembler = assembleEntries();
    expect(texts(assembler.push(Buffer.from(`rubbish\n${record('good')}`)))).toEqual(['stdout:good\n']);
  });
});

describe('reading a log', () => {
  let dir: string;
  let log: string;
  let logs: LogReader;
  let active: ActiveContainerControl;
  let actives: ActiveContainers;

  beforeEach(async () => {
    dir = mkdtempSync('/tmp/berth-');
    log = join(dir, 'container.log');
    const { stores, creator, files } = createMemoryEngine();
    const { container } = await creator.create({ name: 'web', config: aConfig() });
    const starting = advance(container, 'start', {});
    stores.containers.replace(container, starting, []);
    actives = createActiveContainers();
    active = actives.add(container.id);
    const paths = (id: string) => ({ ...files.paths(id), log });
    logs = createLogReader({
      store: stores.containers,
      files: { ...files, paths },
      actives,
      signal: new AbortController().signal,
    });
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  async function textOf(
    options: { tail?: number; follow?: boolean; since?: number; until?: number; signal?: AbortSignal } = {},
  ): Promise<string> {
    const { tail = null, follow = false, signal = new AbortController().signal } = options;
    const [sinceNs, untilNs] = [options.since, options.until].map((n) =>
      n === undefined ? null : FIRST_NS + BigInt(n),
    );
    const range = { sinceNs: sinceNs ?? null, untilNs: untilNs ?? null };
    let text = '';
    for await (const texts of logs.text('web', { tail, follow, ...range, timestamps: false, signal })) {
      text += texts.map(({ data }) => data).join('');
    }
    return text;
  }

  test('gives every line, over all files, oldest first', async () => {
    writeFileSync(`${log}.2`, record('1') + record('2'));
    writeFileSync(`${log}.1`, record('3', { tag: 'P' }));
    writeFileSync(log, record('3') + record('4', { tag: 'P' }));
    expect(await textOf()).toBe('1\n2\n33\n4');
  });

  test.each([
    [0, ''],
    [1, '4'],
    [2, '33\n4'],
    [3, '2\n33\n4'],
    [4, '1\n2\n33\n4'],
    [99, '1\n2\n33\n4'],
  ])('gives the last %d lines', async (tail, expected) => {
    writeFileSync(`${log}.2`, record('1') + record('2'));
    writeFileSync(`${log}.1`, record('3', { tag: 'P' }));
    writeFileSync(log, record('3') + record('4', { tag: 'P' }));
    expect(await textOf({ tail })).toBe(expected);
  });

  test('gives the last lines of a log of many blocks, whatever their lengths', async () => {
    const lines = Array.from({ length: 3000 }, (_, n) => `${n}-${'x'.repeat((n * 37) % 500)}`);
    writeFileSync(log, lines.map((line) => record(line)).join(''));
    for (const tail of [1, 7, 500, 2999]) {
      expect(await textOf({ tail })).toBe(
        lines
          .slice(-tail)
          .map((line) => `${line}\n`)
          .join(''),
      );
    }
  });

  test('gives what was written in a time', async () => {
    writeFileSync(`${log}.1`, record('1', { n: 1 }));
    writeFileSync(log, record('2', { n: 2 }) + record('3', { n: 3 }) + record('4', { n: 4 }));
    expect(await textOf({ since: 2 })).toBe('2\n3\n4\n');
    expect(await textOf({ until: 1 })).toBe('1\n');
    expect(await textOf({ until: 1, follow: true })).toBe('1\n');
    expect(await textOf({ since: 3, tail: 3 })).toBe('3\n4\n');
  });

  test('gives entries in place of text, with their times', async () => {
    writeFileSync(log, record('1', { n: 1 }) + record('2', { n: 2, stream: 'stderr' }));
    const signal = new AbortController().signal;
    const read = logs.entries('web', { ...ALWAYS, tail: null, follow: false, signal });
    expect((await read.next()).value).toEqual([
      { timeNs: FIRST_NS + 1n, stream: 'stdout', data: Buffer.from('1\n') },
      { timeNs: FIRST_NS + 2n, stream: 'stderr', data: Buffer.from('2\n') },
    ]);
    expect(await read.next()).toEqual({ done: true, value: undefined });
  });

  test('leaves out a record whose end is not written yet', async () => {
    writeFileSync(log, record('whole') + record('half').slice(0, -3));
    expect(await textOf()).toBe('whole\n');
    expect(await textOf({ tail: 1 })).toBe('whole\n');
  });

  test('of a container that never ran is empty', async () => {
    expect(await textOf()).toBe('');
  });

  test('follows what is written, over rotations, until the container has ended', async () => {
    const text = textOf({ follow: true });
    let expected = '';
    for (let n = 0; n < 60; n++) {
      if (n % 20 === 19) {
        renameSync(log, `${log}.1`);
        writeFileSync(log, '');
      }
      appendFileSync(log, record(String(n)));
      expected += `${n}\n`;
      await new Promise((resolve) => setTimeout(resolve, n % 10 === 0 ? 20 : 1));
    }
    await waitFor(() => openFiles(log).join() === log, { what: 'that no file is open but the last' }).finally(
      active.markReleased,
    );
    expect(await text).toBe(expected);
  });

  test('follows no longer than its client wants', async () => {
    writeFileSync(log, record('1'));
    const gone = new AbortController();
    const text = textOf({ follow: true, signal: gone.signal });
    setTimeout(() => gone.abort(), 50);
    expect(await text).toBe('1\n');
  });
});

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { BERTH_COMMAND, killComponent, runProgram, waitFor, type ProgramResult } from '@berth/testkit';
import { expectNothingLeft } from './support/expect-nothing-left.ts';
import { useEngine } from './support/use-engine.ts';

const cli = useEngine();

/** Lines of 17 bytes: 8.5 MB are more than all buffers on the way hold. */
const FIRST = 10 ** 15;
const LAST = FIRST + 499_999;
const numbers = (from: number, to: number, end = '\n'): string =>
  Array.from({ length: to - from + 1 }, (_, index) => `${from + index}${end}`).join('');

interface StalledRun {
  /** Lets the reader of the output read. */
  read(): void;
  readonly result: Promise<ProgramResult>;
}

/** `berth … | reader`, where the reader takes nothing until it is told to; the code is that of `berth`. */
function startStalled(name: string, ...args: string[]): StalledRun {
  const path = (file: string) => join(cli.engine.root, `${name}.${file}`);
  const script = '{ "$@"; echo $? > "$CODE"; } | { until [ -e "$GO" ]; do sleep 0.1; done; cat; }';
  const env = { ...cli.engine.env, GO: path('go'), CODE: path('code') };
  const command = [BERTH_COMMAND, ...args];
  const running = runProgram('sh', ['-c', script, 'sh', ...command], { env });
  return {
    read: () => writeFileSync(path('go'), ''),
    result: running.then((result) => ({ ...result, code: Number(readFileSync(path('code'), 'utf8')) })),
  };
}

const stalledRun = (name: string, ...args: string[]): StalledRun => startStalled(name, 'run', '--name', name, ...args);

const isUp = async (name: string) => (await cli.ok('ps', '--format', '{{.Names}}')).split('\n').includes(name);
const isThere = async (name: string) => (await cli.ok('ps', '-a', '--format', '{{.Names}}')).split('\n').includes(name);

/** Fails with a short text: a diff of megabytes helps nobody. */
function expectSame(text: string, expected: string): void {
  if (text === expected) return;
  const at = Array.from(expected.slice(0, text.length)).findIndex((character, index) => text[index] !== character);
  const excerpt = text.slice(Math.max(0, at - 20), at + 20);
  throw new Error(`${text.length} characters in the place of ${expected.length}, at ${at}: ${JSON.stringify(excerpt)}`);
}

test('a client that stalls holds up no container, and loses nothing that the log has', async () => {
  const big = ['--log-opt', 'max-size=-1'];
  const small = ['--log-opt', 'max-size=100k', '--log-opt', 'max-file=2'];
  const script = `until [ -e /begin ]; do sleep 0.1; done; seq ${FIRST} ${LAST}; until [ -e /more ]; do sleep 0.1; done; seq ${LAST + 1} ${LAST + 9}; exit 3`;
  const live = stalledRun('live', ...big, 'busybox', 'sh', '-c', script);
  const removed = stalledRun('removed', '--rm', ...big, 'busybox', 'seq', String(FIRST), String(LAST));
  const terminal = stalledRun('terminal', '-t', '--rm', ...big, 'busybox', 'seq', String(FIRST), String(LAST));
  const rotated = stalledRun('rotated', '--rm', ...small, 'busybox', 'seq', String(FIRST), String(LAST));

  await waitFor(() => isUp('live'), { what: 'the start' });
  const attached = startStalled('attached', 'attach', '--no-stdin', 'live');
  const attaches = 'events --since 1h --until 0s --filter event=attach --filter container=live'.split(' ');
  await waitFor(async () => (await cli.ok(...attaches)).split('\n').length === 2, { what: 'both clients' });
  await cli.ok('exec', 'live', 'touch', '/begin');
  const exec = startStalled('exec', 'exec', 'live', 'sh', '-c', `seq ${FIRST} ${LAST}; exit 6`);

  for (const name of ['removed', 'terminal', 'rotated']) {
    await waitFor(async () => !(await isThere(name)), { what: `the end of ${name}`, timeoutMs: 60_000 });
  }
  const lastLine = async () => cli.ok('logs', '--tail', '1', 'live');
  await waitFor(async () => (await lastLine()) === String(LAST), { what: 'all that is live', timeoutMs: 60_000 });
  for (const run of [live, removed, terminal, rotated, attached, exec]) run.read();
  // An exec ends with its container, wherever it stands.
  await exec.result;
  await cli.ok('exec', 'live', 'touch', '/more');

  const all = [live, removed, terminal, rotated, attached, exec];
  const results = await Promise.all(all.map(({ result }) => result));
  expect(results.map(({ code }) => code)).toEqual([3, 0, 0, 125, 3, 6]);
  expectSame(results[0]?.stdout ?? '', numbers(FIRST, LAST + 9));
  expectSame(results[1]?.stdout ?? '', numbers(FIRST, LAST));
  expectSame(results[2]?.stdout ?? '', numbers(FIRST, LAST, '\r\n'));
  expectSame(results[4]?.stdout ?? '', numbers(FIRST, LAST + 9));
  expectSame(results[5]?.stdout ?? '', numbers(FIRST, LAST));
  const lines = (results[3]?.stdout ?? '').trimEnd().split('\n').map(Number);
  const hole = lines.findIndex((line, index) => line !== FIRST + index);
  expect(hole).toBeGreaterThan(0);
  // Two ends of lines meet at the hole.
  const rest = lines.slice(hole + 1);
  expectSame(`${rest.join('\n')}\n`, numbers(rest[0] ?? 0, LAST));
  expect(results[3]?.stderr).toMatch(/WARNING: Output is missing here: \d+ bytes of the log were rotated away/);
  await cli.ok('rm', 'live');
}, 120_000);

test('a service that is killed takes its stalled clients with it, and no container', async () => {
  // More than is kept for a client: it is there as long as nobody reads.
  const script = `seq ${FIRST} ${LAST}; exit 4`;
  const stalled = stalledRun('orphan', '--log-opt', 'max-size=-1', 'busybox', 'sh', '-c', script);
  await waitFor(() => isUp('orphan'), { what: 'the start' });
  await killComponent(cli.engine, 'container-service');
  await cli.engine.start();
  stalled.read();
  expect((await stalled.result).code).toBe(125);
  expect(await cli.ok('wait', 'orphan')).toBe('4');
  expectSame(`${await cli.ok('logs', 'orphan')}\n`, numbers(FIRST, LAST));
  await cli.ok('rm', 'orphan');
});

test('nothing is left', () => expectNothingLeft(cli.engine));

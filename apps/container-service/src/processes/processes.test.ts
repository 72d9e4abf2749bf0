import { describe, expect, test } from '@jest/globals';
import { createdAndStarted, createMemoryEngine, settle } from '../adapters/memory-engine.ts';
import { parseProcess, type HostFacts } from './process-info.ts';
import { parsePsArguments } from './ps-arguments.ts';

const STATUS = 'Name:\tsleep\nUid:\t0\t1000\t0\t0\nGid:\t0\t50\t0\t0\nVmLck:\t       4 kB\n';
const STAT = '1234 (a) b (c) S 7 1234 1234 34817 1234 4194304 0 0 0 0 6100 100 0 0 25 5 3 0 6000 1048576 256 0';
const PROCESS = parseProcess(STAT, STATUS, 'sleep\x001000\0');
const NOW = Date.parse('2026-11-24T12:00:00') / 1000;
const HOST: HostFacts = {
  bootTime: NOW - 3720 - 60,
  now: NOW,
  memoryBytes: 10_485_760,
  userName: (id) => `user${id}`,
  groupName: (id) => `group${id}`,
};

function shown(...words: string[]): string {
  if (PROCESS === null) throw new Error('the process is not parsed');
  const columns = parsePsArguments(words);
  return columns.map(({ title, show }) => `${title}=${show(PROCESS, HOST)}`).join(' ');
}

describe('ps', () => {
  test.each([
    [[], 'UID=user1000 PID=1234 PPID=7 C=1 STIME=10:58 TTY=pts/1 TIME=00:01:02 CMD=sleep 1000'],
    [['-ef'], 'UID=user1000 PID=1234 PPID=7 C=1 STIME=10:58 TTY=pts/1 TIME=00:01:02 CMD=sleep 1000'],
    [['-e', '-f'], 'UID=user1000 PID=1234 PPID=7 C=1 STIME=10:58 TTY=pts/1 TIME=00:01:02 CMD=sleep 1000'],
    [['-e'], 'PID=1234 TTY=pts/1 TIME=00:01:02 CMD=a) b (c'],
    [
      ['aux'],
      'USER=user1000 PID=1234 %CPU=1.7 %MEM=10.0 VSZ=1024 RSS=1024 TTY=pts/1 STAT=SNLsl+ START=10:58 TIME=1:02 COMMAND=sleep 1000',
    ],
    [['ax'], 'PID=1234 TTY=pts/1 STAT=SNLsl+ TIME=1:02 COMMAND=sleep 1000'],
    [['-o', 'pid,user,comm'], 'PID=1234 USER=user1000 COMMAND=a) b (c'],
    [['-eo', 'pid,group=WHO', '-o', 'etime,ni,nlwp'], 'PID=1234 WHO=group50 ELAPSED=01:02:00 NI=5 NLWP=3'],
    [['-opid,s,etimes'], 'PID=1234 S=S ELAPSED=3720'],
  ])('%j', (words, expected) => {
    expect(shown(...words)).toBe(expected);
  });

  test.each([
    [['-o', 'comm'], "Couldn't find PID field in ps output"],
    [['-o', 'pid,foo'], 'ps: unknown user-defined format specifier "foo"'],
    [['--forest'], 'ps: option "--forest" is not supported: use -ef, aux, or -o with a list of columns'],
    [['-L'], 'ps: option "-L" is not supported'],
  ])('%j is refused', (words, message) => {
    expect(() => parsePsArguments(words)).toThrow(message);
  });

  test('a process of another day or year, without a terminal or arguments', () => {
    const process = parseProcess(STAT.replace('34817', '0').replace(' 6000 ', ' 0 '), STATUS, '');
    if (process === null) throw new Error('not parsed');
    const of = (bootTime: number) => parsePsArguments(['-ef']).map(({ show }) => show(process, { ...HOST, bootTime }));
    expect(of(NOW - 3 * 86_400).slice(3)).toEqual(['0', 'Nov21', '?', '00:01:02', '[a) b (c]']);
    expect(of(NOW - 500 * 86_400)[4]).toBe('2025');
  });

  test('what is no process is none', () => {
    expect(parseProcess('', '', '')).toBeNull();
  });
});

describe('the processes of a container', () => {
  test('are a table', async () => {
    const engine = createMemoryEngine();
    await createdAndStarted(engine);
    expect(await engine.listProcesses('web', ['-o', 'pid,user,args'])).toEqual({
      titles: ['PID', 'USER', 'COMMAND'],
      rows: [['42', 'root', 'sh -c sleep 1']],
    });
  });

  test('are refused when it does not run', async () => {
    const engine = createMemoryEngine();
    const { id, process } = await createdAndStarted(engine);
    process().exit(0);
    await settle();
    await expect(engine.listProcesses('web', [])).rejects.toThrow(`container ${id} is not running`);
    await expect(engine.listProcesses('no', [])).rejects.toThrow('No such container: no');
  });
});

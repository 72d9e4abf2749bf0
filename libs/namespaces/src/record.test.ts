import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { isProcessAlive, parseRecord, parseStat } from './record.ts';

const BOOT = '01234567-89ab-cdef-0123-456789abcdef';

function recordBytes(phase: number): Buffer {
  const bytes = Buffer.alloc(256);
  bytes.write('BERTHREC', 0, 'latin1');
  bytes.writeUInt32LE(1, 8);
  bytes.writeUInt32LE(phase, 12);
  bytes.write(BOOT, 16, 'latin1');
  bytes.writeUInt32LE(11, 56);
  bytes.writeUInt32LE(phase === 1 ? 0 : 22, 60);
  bytes.writeBigUInt64LE(33n, 64);
  bytes.writeBigUInt64LE(44n, 72);
  bytes.writeBigUInt64LE(88n, 88);
  bytes.writeBigUInt64LE(96n, 96);
  bytes.writeBigUInt64LE(104n, 104);
  bytes.writeUInt32LE(137, 112);
  bytes.writeUInt32LE(9, 116);
  bytes.writeUInt32LE(1, 120);
  return bytes;
}

describe('a keeper record', () => {
  test('tells the keeper and nothing else while the process is created', () => {
    expect(parseRecord(recordBytes(1))).toEqual({
      phase: 'creating',
      bootId: BOOT,
      keeper: { pid: 11, startTicks: 33n },
      process: null,
      createdUnixNanos: 88n,
      startedUnixNanos: null,
      exit: null,
    });
  });

  test('tells the process while it runs', () => {
    expect(parseRecord(recordBytes(2))).toMatchObject({
      phase: 'running',
      process: { pid: 22, startTicks: 44n },
      startedUnixNanos: 96n,
      exit: null,
    });
  });

  test('tells how the process ended', () => {
    expect(parseRecord(recordBytes(3))?.exit).toEqual({
      exitCode: 137,
      signal: 9,
      oomKilled: true,
      exitedUnixNanos: 104n,
    });
  });

  test('is refused when it is cut off, of another version or of no phase', () => {
    expect(parseRecord(recordBytes(2).subarray(0, 255))).toBeNull();
    expect(parseRecord(Buffer.alloc(256))).toBeNull();
    expect(parseRecord(recordBytes(9))).toBeNull();
    const newer = recordBytes(2);
    newer.writeUInt32LE(2, 8);
    expect(parseRecord(newer)).toBeNull();
  });
});

describe('a process identity', () => {
  test('is read past any command name', () => {
    const rest = `S ${Array.from({ length: 18 }, (_, index) => index).join(' ')} 4711 0`;
    expect(parseStat(`7 (a) b) (c) ${rest}`)).toEqual({ state: 'S', startTicks: 4711n });
  });

  test('is alive only with its own start time', () => {
    const { startTicks } = parseStat(readFileSync('/proc/self/stat', 'latin1'));
    expect(isProcessAlive({ pid: process.pid, startTicks })).toBe(true);
    expect(isProcessAlive({ pid: process.pid, startTicks: startTicks + 1n })).toBe(false);
    expect(isProcessAlive({ pid: 2 ** 22 + 1, startTicks: 1n })).toBe(false);
  });
});

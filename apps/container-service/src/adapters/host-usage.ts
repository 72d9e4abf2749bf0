import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { UsageReader, UsageTarget } from '../ports/runtime.ts';

type Counters = ReadonlyMap<string, number>;

/**
 * Reads what containers use from their control groups and from /proc. Where a cgroup v1 host has no directory for a controller, because
 * nothing is limited, the processes that live now are added up: their memory is what they hold alone or share by shm (RssAnon and
 * RssShmem), their block traffic ends with them.
 */
export function createUsageReader(): UsageReader {
  return {
    read(target) {
      const cpu = counters(readText(join(target.cgroupDir, 'cpu.stat')), /^(\w+) (\d+)$/);
      const usage = cpu.get('usage_usec');
      if (usage === undefined) return null;
      return {
        cpuNanos: usage * 1000,
        memoryBytes: readMemory(target),
        ...readNetwork(target),
        ...readBlocks(target),
        pids: readPids(target),
      };
    },
  };
}

/** Without the inactive part of the page cache, as docker counts. */
function readMemory({ cgroupDir, legacyDirs }: UsageTarget): number {
  const unified = readNumber(join(cgroupDir, 'memory.current'));
  if (unified !== null) return unified - statOf(cgroupDir, 'inactive_file');
  for (const dir of legacyDirs) {
    const legacy = readNumber(join(dir, 'memory.usage_in_bytes'));
    if (legacy !== null) return legacy - statOf(dir, 'total_inactive_file');
  }
  return sumOverProcesses(cgroupDir, 'status', /^(RssAnon|RssShmem):\s+(\d+) kB$/, 'RssAnon', 'RssShmem') * 1024;
}

function statOf(dir: string, name: string): number {
  return counters(readText(join(dir, 'memory.stat')), /^(\w+) (\d+)$/).get(name) ?? 0;
}

/** All interfaces but the loopback. */
function readNetwork({ pid, ownNetwork }: UsageTarget): { networkReceiveBytes: number; networkTransmitBytes: number } {
  const total = { networkReceiveBytes: 0, networkTransmitBytes: 0 };
  for (const line of ownNetwork ? readText(`/proc/${pid}/net/dev`).split('\n') : []) {
    const [name, ...numbers] = line.trim().split(/[:\s]+/);
    if (name === 'lo' || numbers.length < 16) continue;
    total.networkReceiveBytes += Number(numbers[0]) || 0;
    total.networkTransmitBytes += Number(numbers[8]) || 0;
  }
  return total;
}

function readBlocks({ cgroupDir, legacyDirs }: UsageTarget): { blockReadBytes: number; blockWriteBytes: number } {
  const unified = readTextOrNull(join(cgroupDir, 'io.stat'));
  if (unified !== null)
    return { blockReadBytes: sumOf(unified, /rbytes=(\d+)/g), blockWriteBytes: sumOf(unified, /wbytes=(\d+)/g) };
  for (const dir of legacyDirs) {
    const legacy = readTextOrNull(join(dir, 'blkio.throttle.io_service_bytes'));
    if (legacy !== null)
      return { blockReadBytes: sumOf(legacy, / Read (\d+)/g), blockWriteBytes: sumOf(legacy, / Write (\d+)/g) };
  }
  const format = /^(read_bytes|write_bytes): (\d+)$/;
  return {
    blockReadBytes: sumOverProcesses(cgroupDir, 'io', format, 'read_bytes'),
    blockWriteBytes: sumOverProcesses(cgroupDir, 'io', format, 'write_bytes'),
  };
}

function readPids({ cgroupDir, legacyDirs }: UsageTarget): number {
  for (const dir of [cgroupDir, ...legacyDirs]) {
    const current = readNumber(join(dir, 'pids.current'));
    if (current !== null) return current;
  }
  return linesOf(join(cgroupDir, 'cgroup.threads')).length;
}

function sumOverProcesses(cgroupDir: string, file: string, ...[format, ...names]: [RegExp, ...string[]]): number {
  let sum = 0;
  for (const pid of linesOf(join(cgroupDir, 'cgroup.procs'))) {
    const values = counters(readText(`/proc/${pid}/${file}`), format);
    for (const name of names) sum += values.get(name) ?? 0;
  }
  return sum;
}

function counters(text: string, format: RegExp): Counters {
  const found = text.split('\n').map((line) => format.exec(line));
  return new Map(found.flatMap((match) => (match === null ? [] : [[match[1] ?? '', Number(match[2])] as const])));
}

function sumOf(text: string, format: RegExp): number {
  return [...text.matchAll(format)].reduce((sum, [, digits]) => sum + Number(digits), 0);
}

function linesOf(path: string): string[] {
  return readText(path)
    .split('\n')
    .filter((line) => line !== '');
}

function readNumber(path: string): number | null {
  const text = readTextOrNull(path);
  return text === null ? null : Number(text);
}

function readText(path: string): string {
  return readTextOrNull(path) ?? '';
}

/** Null for what is not there, or has just gone. */
function readTextOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

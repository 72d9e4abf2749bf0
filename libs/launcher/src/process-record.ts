import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

const processRecord = z.object({
  pid: z.int().positive(),
  /** In clock ticks since boot: with the boot id it tells a process from a later one with the same pid. */
  startTicks: z.int().nonnegative(),
  bootId: z.string(),
});

/** Names one process for good. */
export type ProcessRecord = z.infer<typeof processRecord>;

/** Describes a live process, or returns null when it is gone. */
export function describeProcess(pid: number): ProcessRecord | null {
  const startTicks = readStartTicks(pid);
  return startTicks === null ? null : { pid, startTicks, bootId: bootId() };
}

/** Tells whether the process of a record lives. A zombie does not. */
export function isAlive(record: ProcessRecord): boolean {
  return record.bootId === bootId() && readStartTicks(record.pid) === record.startTicks;
}

/** Reads a record, or returns null when there is none, or one that makes no sense. */
export function readProcessRecord(file: string): ProcessRecord | null {
  try {
    return processRecord.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}

/** Writes a record by rename, so that a reader sees all of it or nothing. */
export function writeProcessRecord(file: string, record: ProcessRecord): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, JSON.stringify(record));
  renameSync(`${file}.new`, file);
}

export function deleteProcessRecord(file: string): void {
  rmSync(file, { force: true });
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** Field 22 of /proc/<pid>/stat (proc_pid_stat(5)); the command's name in field 2 may hold spaces and parentheses. */
function readStartTicks(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : Number(fields[19]);
  } catch {
    return null;
  }
}

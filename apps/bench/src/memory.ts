import { readFileSync } from 'node:fs';

/** The proportional set size of a process in KiB: its own memory, and its share of what it shares. Throws when it is gone. */
export function readPssKib(pid: number): number {
  return parsePssKib(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
}

/** Reads the `Pss:` line of smaps_rollup (proc(5)). */
export function parsePssKib(rollup: string): number {
  const kib = /^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1];
  if (kib === undefined) throw new Error('smaps_rollup has no line Pss');
  return Number(kib);
}

/** The parent of a process. */
export function readParentPid(pid: number): number {
  return parseParentPid(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

/** Reads the fourth field of /proc/PID/stat; the second may hold blanks and parentheses. */
export function parseParentPid(stat: string): number {
  const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
  return Number(parent);
}

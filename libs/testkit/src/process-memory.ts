import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

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

/** Of a process and all that it has started, in KiB; what ends meanwhile counts for nothing. */
function readTreePssKib(pid: number): number {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
    );
    return children.reduce((sum, child) => sum + readTreePssKib(Number(child)), readPssKib(pid));
  } catch {
    return 0;
  }
}

const SAMPLE_MS = 20;

/** The most that a process and all that it has started had at once while something ran, in KiB. */
export async function peakPssKib(pid: number, run: () => Promise<void>): Promise<number> {
  let [peak, isOver] = [0, false];
  const running = run().finally(() => (isOver = true));
  // It is awaited below.
  running.catch(() => {});
  while (!isOver) {
    peak = Math.max(peak, readTreePssKib(pid));
    await delay(SAMPLE_MS);
  }
  await running;
  return peak;
}

import { existsSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { Processes } from '../ports/runtime.ts';
import { parseProcess, type ProcessInfo } from '../processes/process-info.ts';

/** How many processes are looked at together. */
const BATCH = 64;

/** Reads processes from /proc. */
export function openProcProcesses(): Processes {
  return {
    async list(cgroupDir) {
      const pids = (await readPids(cgroupDir)).sort((a, b) => a - b);
      const found: (ProcessInfo | null)[] = [];
      for (let at = 0; at < pids.length; at += BATCH) {
        found.push(...(await Promise.all(pids.slice(at, at + BATCH).map(readProcess))));
      }
      return found.filter((process) => process !== null);
    },
    host: () => ({
      bootTime: Number(/^btime ([0-9]+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1] ?? 0),
      now: Date.now() / 1000,
      memoryBytes: totalmem(),
      userName: readNames('/etc/passwd'),
      groupName: readNames('/etc/group'),
    }),
  };
}

/** The processes of a control group and of those below it. One that is gone has none. */
async function readPids(dir: string): Promise<number[]> {
  const text = await readFile(join(dir, 'cgroup.procs'), 'utf8').catch(() => '');
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  const below = await Promise.all(
    entries.filter((entry) => entry.isDirectory()).map(({ name }) => readPids(join(dir, name))),
  );
  return [
    ...text
      .split('\n')
      .filter((line) => line !== '')
      .map(Number),
    ...below.flat(),
  ];
}

/** Null when it has just ended. */
async function readProcess(pid: number): Promise<ProcessInfo | null> {
  const read = (name: string): Promise<string> => readFile(`/proc/${pid}/${name}`, 'utf8');
  try {
    const [stat, status, commandLine] = await Promise.all([read('stat'), read('status'), read('cmdline')]);
    return parseProcess(stat, status, commandLine);
  } catch {
    return null;
  }
}

/** The names of ids in a file like /etc/passwd; a small host may have none. */
function readNames(path: string): (id: number) => string {
  const names = new Map<number, string>();
  for (const line of existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []) {
    const [name = '', , id = ''] = line.split(':');
    if (id !== '' && !names.has(Number(id))) names.set(Number(id), name);
  }
  return (id) => names.get(id) ?? String(id);
}

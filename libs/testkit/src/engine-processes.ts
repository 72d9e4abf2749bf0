import { readdirSync, readFileSync } from 'node:fs';

/** A live process of a test's engine. */
export interface EngineProcess {
  readonly pid: number;
  /** Its command line, separated by blanks. */
  readonly commandLine: string;
}

/** The processes that have `BERTH_ROOT=<root>` in their environment: services, spawner, keepers and clients, never those in containers. */
export function findEngineProcesses(root: string): EngineProcess[] {
  const marker = `BERTH_ROOT=${root}`;
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((name) => {
    if (!readProc(name, 'environ').split('\0').includes(marker)) return [];
    return [{ pid: Number(name), commandLine: readProc(name, 'cmdline').replaceAll('\0', ' ').trim() }];
  });
}

/** Empty when the process is gone. */
function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import { engineStatus } from '@berth/launcher';
import type { BenchEngine } from './engine.ts';
import { readParentPid, readPssKib } from './memory.ts';
import type { Memory } from './report.ts';

const SETTLE_MS = 2000;

/** What a container that runs costs, and what the engine costs when nothing happens. */
export async function measureMemory({ paths, env }: BenchEngine, containerPid: number): Promise<readonly Memory[]> {
  await delay(SETTLE_MS);
  const keeper = { name: 'keeper of one container', kib: readPssKib(readParentPid(containerPid)) };
  const processes = (await engineStatus(paths, env)).flatMap(({ name, pid }) =>
    pid === null ? [] : [{ name, kib: readPssKib(pid) }],
  );
  const total = processes.reduce((sum, { kib }) => sum + kib, 0);
  return [keeper, ...processes, { name: 'all processes of the engine', kib: total }];
}

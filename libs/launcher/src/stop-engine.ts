import type { EnginePaths } from '@berth/client';
import { recordFile, type Component, type ComponentName } from './component.ts';
import { engineComponents } from './engine-components.ts';
import { lockEngine } from './engine-lock.ts';
import { deleteProcessRecord, isAlive, readProcessRecord } from './process-record.ts';
import { waitUntil } from './wait-until.ts';

export interface StopEngineOptions {
  readonly paths: EnginePaths;
  readonly env: NodeJS.ProcessEnv;
  /** Stops these only. Default: all. */
  readonly only?: readonly ComponentName[];
  /** How long each process gets after SIGTERM before SIGKILL. Default: 10 s. */
  readonly timeoutMs?: number;
}

/** Stops the processes of an engine that startEngine started. Containers and their keepers run on. Returns the names of what was stopped. */
export async function stopEngine({ paths, env, only, timeoutMs }: StopEngineOptions): Promise<ComponentName[]> {
  using _lock = await lockEngine(paths);
  const components = engineComponents({ paths, env }, only).flat().reverse();
  return stopComponents(paths, components, timeoutMs);
}

/** Stops components one after another, callers before those they call. The lock is held by the caller. */
export async function stopComponents(
  paths: EnginePaths,
  components: readonly Component[],
  timeoutMs = 10_000,
): Promise<ComponentName[]> {
  const stopped: ComponentName[] = [];
  for (const component of components) {
    const file = recordFile(paths, component);
    if (await stopProcess(file, timeoutMs)) stopped.push(component.name);
    deleteProcessRecord(file);
  }
  return stopped;
}

/** Ends the process of a record file, known by pid and start time, never by its name. False when it did not run. */
async function stopProcess(file: string, timeoutMs: number): Promise<boolean> {
  const record = readProcessRecord(file);
  if (record === null || !isAlive(record)) return false;
  process.kill(record.pid, 'SIGTERM');
  const isGone = () => Promise.resolve(!isAlive(record));
  const always = () => true;
  if ((await waitUntil(isGone, { timeoutMs, while: always })) === 'timeout') {
    process.kill(record.pid, 'SIGKILL');
    await waitUntil(isGone, { timeoutMs: 5000, while: always });
  }
  return true;
}

import { statSync } from 'node:fs';
import type { EnginePaths } from '@berth/client';
import { recordFile, type Component, type ComponentName } from './component.ts';
import { engineComponents } from './engine-components.ts';
import { isAlive, readProcessRecord } from './process-record.ts';

/** How one process of an engine is. */
export interface ComponentStatus {
  readonly name: ComponentName;
  /** Its pid; null when it does not run, or was not started by the launcher. */
  readonly pid: number | null;
  /** True when it answers. */
  readonly ready: boolean;
  /** True when its program was built after it had started: a restart would bring the new one. */
  readonly outdated: boolean;
}

/** Tells how each process of an engine is, in the order in which they start. */
export function engineStatus(paths: EnginePaths, env: NodeJS.ProcessEnv): Promise<ComponentStatus[]> {
  const components = engineComponents({ paths, env }).flat();
  return Promise.all(components.map((component) => componentStatus(paths, component)));
}

async function componentStatus(paths: EnginePaths, component: Component): Promise<ComponentStatus> {
  const file = recordFile(paths, component);
  const record = readProcessRecord(file);
  const pid = record !== null && isAlive(record) ? record.pid : null;
  const outdated = pid !== null && modifiedMs(component.program) > modifiedMs(file);
  return { name: component.name, pid, ready: await component.isReady(pid), outdated };
}

function modifiedMs(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

import { mkdirSync } from 'node:fs';
import type { EnginePaths } from '@berth/client';
import { BerthError } from '@berth/errors';
import { recordFile, type Component, type ComponentName } from './component.ts';
import { engineComponents, engineEnvironment } from './engine-components.ts';
import { lockEngine } from './engine-lock.ts';
import { isAlive, readProcessRecord, type ProcessRecord } from './process-record.ts';
import { launchProcess, readLogTail } from './launch-process.ts';
import { stopComponents } from './stop-engine.ts';
import { waitUntil } from './wait-until.ts';

export interface StartEngineOptions {
  readonly paths: EnginePaths;
  /** The environment to take settings from. */
  readonly env: NodeJS.ProcessEnv;
  /** Starts these only. Default: all. */
  readonly only?: readonly ComponentName[];
  /** Restarts what runs already; containers are not touched. Default: false. */
  readonly restart?: boolean;
  /** How long each process may take until it answers. Default: 30 s. */
  readonly timeoutMs?: number;
}

/**
 * Starts what does not run of an engine, and returns when all of it answers. Throws SERVICE_UNAVAILABLE with the end of the log of a
 * process that does not come up; what runs by then stays.
 */
export async function startEngine(options: StartEngineOptions): Promise<void> {
  const { paths } = options;
  const env = { ...engineEnvironment(options.env), ...(paths.root === null ? {} : { BERTH_ROOT: paths.root }) };
  const groups = engineComponents({ paths, env }, options.only);
  using _lock = await lockEngine(paths);
  mkdirSync(paths.stateDir, { recursive: true, mode: 0o711 });
  if (options.restart) await stopComponents(paths, groups.flat().reverse());
  for (const group of groups) {
    const results = await Promise.allSettled(group.map((component) => ensureRunning(component, options)));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }
}

async function ensureRunning(component: Component, { paths, timeoutMs = 30_000 }: StartEngineOptions): Promise<void> {
  const awaitReady = (record: ProcessRecord) =>
    waitUntil(() => component.isReady(record.pid), { timeoutMs, while: () => isAlive(record) });
  const earlier = readProcessRecord(recordFile(paths, component));
  // One that was found alive may have been about to end: it counts as gone then.
  if (earlier !== null && isAlive(earlier) && (await awaitReady(earlier)) === 'ready') return;
  // What answers without a record of ours was started by someone else, such as systemd.
  if (await component.isReady(null)) return;
  const outcome = await awaitReady(await launchProcess(paths, component));
  if (outcome === 'ready') return;
  const what = outcome === 'stopped' ? 'ended while it started' : `did not answer within ${timeoutMs / 1000} s`;
  throw new BerthError('SERVICE_UNAVAILABLE', `${component.name} ${what}\n${readLogTail(paths, component)}`.trimEnd());
}

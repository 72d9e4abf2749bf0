import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import type { EnginePaths } from '@berth/client';
import { BerthError } from '@berth/errors';
import { logFile, recordFile, type Component } from './component.ts';
import { describeProcess, writeProcessRecord, type ProcessRecord } from './process-record.ts';

const LOG_LIMIT_BYTES = 10 * 1024 * 1024;

/** Starts a component's process in a session of its own, logging to its file, and records it. */
export async function launchProcess(paths: EnginePaths, component: Component): Promise<ProcessRecord> {
  const { file, args, env } = await component.prepare();
  const log = openLog(logFile(paths, component));
  try {
    const child = spawn(file, args, { detached: true, stdio: ['ignore', log, log], cwd: '/', env });
    await once(child, 'spawn');
    child.unref();
    const record = child.pid === undefined ? null : describeProcess(child.pid);
    if (record === null) throw new Error('it ended at once');
    writeProcessRecord(recordFile(paths, component), record);
    return record;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const text = `cannot start ${component.name} (${file}): ${why}\n${readLogTail(paths, component)}`;
    throw new BerthError('SERVICE_UNAVAILABLE', text.trimEnd(), { cause: error });
  } finally {
    closeSync(log);
  }
}

/** The last lines of a component's log. */
export function readLogTail(paths: EnginePaths, component: Component, lines = 20): string {
  try {
    return readFileSync(logFile(paths, component), 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}

/** Opens a log for appending; a large one becomes `.1` first. */
function openLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const log = openSync(file, 'a', 0o600);
  if (fstatSync(log).size <= LOG_LIMIT_BYTES) return log;
  closeSync(log);
  renameSync(file, `${file}.1`);
  return openSync(file, 'a', 0o600);
}

import { BerthError } from '@berth/errors';
import { join } from 'node:path';
import { readRecord } from './record.ts';
import { sendRequest } from './request.ts';
import { createRunningProcess, type RunningProcess, type StartedProcess } from './running-process.ts';

/** What an attaching client wants. */
export interface AttachOptions {
  /** False: only the exit. */
  readonly output: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Attaches to the keeper of a state directory: output from now on, and stdin.
 *
 * @throws BerthError SERVICE_UNAVAILABLE when the keeper is gone; its record tells more then.
 */
export async function attachKeeper(stateDir: string, options: AttachOptions): Promise<RunningProcess> {
  const request = { $case: 'attach', value: { output: options.output } } as const;
  const { channel, reply } = await sendRequest(join(stateDir, 'control.sock'), request, options.signal);
  const started = readStarted(stateDir);
  const client = reply.$case === 'done' ? reply.value.client : 0;
  if (started !== null) return createRunningProcess(channel, started, { stateDir, hasLog: true, client });
  channel.close();
  throw new BerthError('SERVICE_UNAVAILABLE', `the keeper of ${stateDir} has no running process`);
}

function readStarted(stateDir: string): StartedProcess | null {
  const record = readRecord(stateDir);
  if (record === null || record.process === null || record.startedUnixNanos === null) return null;
  return {
    pid: record.process.pid,
    keeperPid: record.keeper.pid,
    startedUnixNanos: record.startedUnixNanos,
    timings: [],
  };
}
